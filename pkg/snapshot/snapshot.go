// Package snapshot keeps copies of database files that are about to lose rows: a copy and a small
// JSON description beside it for each, in a directory of root's. It copies files, reads and
// compares their rows, and decides nothing.
package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"ovndb-servers/pkg/atomicfile"
	"ovndb-servers/pkg/process"
)

const (
	// DirectoryName is the directory of the snapshots in that of a node's state.
	DirectoryName = "snapshots"
	// EarlierDirectoryName is where earlier versions kept them, beside the databases. It belongs to
	// the account of the servers.
	EarlierDirectoryName = "ovndb-servers.snapshots"
)

// Info describes a snapshot. It is the content of the JSON file beside it.
type Info struct {
	// Name identifies the snapshot: DATABASE.NUMBER.TIME.WHY.
	Name string `json:"name"`
	// Number orders the snapshots of a database, whatever the clock says. It is 0 for those of
	// earlier versions, which are older than all others.
	Number uint64 `json:"number"`
	// Database is the database's name, File the file that was copied.
	Database string `json:"database"`
	File     string `json:"file"`
	// Taken is the time, by this node's clock, in whole seconds.
	Taken time.Time `json:"taken"`
	// Why is the kind of snapshot: the reason in a word or two. Reason is a sentence.
	Why    string `json:"why"`
	Reason string `json:"reason"`
	// Position is the term and the progress of the data.
	Position string `json:"position"`
	// SizeBytes is the size of the copy, CutBytes that of an unfinished record at the
	// end of the file, which was left out.
	SizeBytes int64 `json:"size_bytes"`
	CutBytes  int64 `json:"cut_bytes,omitempty"`
}

var (
	// ErrNoSnapshot is returned when there is no snapshot of a name.
	ErrNoSnapshot = errors.New("no such snapshot")
	// ErrBadName is returned when a database or a kind cannot be a part of a snapshot's name.
	ErrBadName = errors.New("not fit for the name of a snapshot")
	// ErrNotRegular is returned when a database file is a FIFO or anything else but a regular file,
	// or a link in a directory that other accounts than root may write to.
	ErrNotRegular = errors.New("not a regular file")
	// ErrNoState is returned when the directory of the node's state is not given as an absolute
	// path.
	ErrNoState = errors.New("the directory of the node's state is not known")
)

// Directory is where the snapshots of a resource are kept.
type Directory struct {
	state, databases string
}

// In returns the snapshots in the directory of a node's state, which is root's alone. Those that
// earlier versions kept beside the databases are found there too, but never written nor removed.
func In(state, databases string) Directory {
	return Directory{state: state, databases: databases}
}

const (
	copySuffix = ".db"
	infoSuffix = ".json"

	directoryMode = 0o700
	fileMode      = 0o600
)

// String returns the path of the directory.
func (d Directory) String() string { return filepath.Join(d.state, DirectoryName) }

// Path returns the path of a snapshot's database file, for messages: [Directory.Open] opens it.
func (d Directory) Path(name string) string {
	return filepath.Join(d.String(), name+copySuffix)
}

// create opens the directory, which it creates if it is missing.
func (d Directory) create() (*os.Root, error) {
	if !filepath.IsAbs(d.state) {
		return nil, ErrNoState
	}
	if err := process.CreatePrivate(d.state); err != nil {
		return nil, err
	}
	state, err := os.OpenRoot(d.state)
	if err != nil {
		return nil, err
	}
	defer state.Close() //nolint:errcheck // only a directory
	err = state.Mkdir(DirectoryName, directoryMode)
	if err == nil {
		err = atomicfile.SyncDirectory(state, ".")
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return state.OpenRoot(DirectoryName)
}

// roots opens the directories that there are, the present one first. Those that can be opened are
// returned beside an error.
func (d Directory) roots() (found []*os.Root, err error) {
	if !filepath.IsAbs(d.state) {
		return nil, ErrNoState
	}
	for _, place := range []struct{ parent, name string }{
		{d.state, DirectoryName}, {d.databases, EarlierDirectoryName},
	} {
		root, failure := openIn(place.parent, place.name)
		if errors.Is(failure, fs.ErrNotExist) {
			continue
		}
		if failure != nil {
			err = errors.Join(err, fmt.Errorf("cannot open %s: %w", filepath.Join(place.parent, place.name), failure))
			continue
		}
		found = append(found, root)
	}
	return found, err
}

// openIn opens a directory of a parent; a link that leads out of that is refused.
func openIn(parent, name string) (*os.Root, error) {
	root, err := os.OpenRoot(parent)
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // only a directory
	return root.OpenRoot(name)
}

func closeAll(roots []*os.Root) {
	for _, root := range roots {
		_ = root.Close() // only a directory
	}
}
