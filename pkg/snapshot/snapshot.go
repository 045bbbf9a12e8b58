// Package snapshot keeps copies of database files that are about to lose rows:
// a copy and a small JSON description beside it for each, in a directory of its
// own beside the databases. It copies files, reads and compares their rows, and
// decides nothing.
package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"ovndb-servers/pkg/atomicfile"
)

// DirectoryName is the directory of the snapshots, beside the databases.
const DirectoryName = "ovndb-servers.snapshots"

// Info describes a snapshot. It is the content of the JSON file beside it.
type Info struct {
	// Name identifies the snapshot: DATABASE.TIME.WHY.
	Name string `json:"name"`
	// Database is the database's name, File the file that was copied.
	Database string `json:"database"`
	File     string `json:"file"`
	// Taken is the time, by this node's clock.
	Taken time.Time `json:"taken"`
	// Why is the reason in a word or two, Reason in a sentence.
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
	// ErrBadName is returned when a database or a word cannot be a part of a
	// snapshot's name.
	ErrBadName = errors.New("not fit for the name of a snapshot")
)

// Directory is where the snapshots of a database directory are kept.
type Directory struct {
	path string
}

// In returns the snapshot directory beside the databases in a directory.
func In(databases string) Directory {
	return Directory{path: filepath.Join(databases, DirectoryName)}
}

const (
	copySuffix = ".db"
	infoSuffix = ".json"
	// timeForm is the time in a name: UTC, and in the order of time.
	timeForm = "20060102T150405.000000000Z"

	directoryMode = 0o750
	// fileMode is that of the databases (Open vSwitch's under the usual umask).
	fileMode = 0o640
)

// Path returns the path of a snapshot's database file.
func (d Directory) Path(name string) string { return filepath.Join(d.path, name+copySuffix) }

func (d Directory) infoPath(name string) string { return filepath.Join(d.path, name+infoSuffix) }

// open opens the directory, which it creates if it is missing.
func (d Directory) open() (*os.Root, error) {
	databases, err := os.OpenRoot(filepath.Dir(d.path))
	if err != nil {
		return nil, err
	}
	defer databases.Close() //nolint:errcheck // only a directory
	err = databases.Mkdir(filepath.Base(d.path), directoryMode)
	if err == nil {
		err = atomicfile.SyncDirectory(databases, ".")
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.OpenRoot(d.path)
}

// Take copies a database file and describes the copy. The copy is complete and
// on disk when Take returns; until then it has another name, and it is removed if
// it cannot be finished. Info's Name, Taken, SizeBytes and CutBytes are filled in. Two
// snapshots of one database must not be taken at the same time.
func (d Directory) Take(ctx context.Context, info Info) (Info, error) {
	taken, err := d.take(ctx, info)
	if err != nil {
		return Info{}, fmt.Errorf("cannot keep a snapshot of %s: %w", info.File, err)
	}
	return taken, nil
}

func (d Directory) take(ctx context.Context, info Info) (Info, error) {
	for _, part := range []string{info.Database, info.Why} {
		if part == "" || strings.ContainsAny(part, "./ ") {
			return Info{}, fmt.Errorf("%q: %w", part, ErrBadName)
		}
	}
	root, err := d.open()
	if err != nil {
		return Info{}, err
	}
	defer root.Close() //nolint:errcheck // only a directory
	if err := removeUnfinished(root, info.Database); err != nil {
		return Info{}, err
	}
	info.Taken = time.Now().UTC()
	info.Name = strings.Join([]string{info.Database, info.Taken.Format(timeForm), info.Why}, ".")
	if info.SizeBytes, info.CutBytes, err = copyFile(ctx, info.File, root, info.Name+copySuffix); err != nil {
		return Info{}, err
	}
	text, err := json.MarshalIndent(info, "", "  ")
	if err == nil {
		err = atomicfile.Write(root, info.Name+infoSuffix, append(text, '\n'), fileMode)
	}
	if err != nil {
		return Info{}, fmt.Errorf("the copy is complete, but cannot be described: %w", err)
	}
	return info, nil
}

// removeUnfinished removes the unfinished files that a crash left of earlier snapshots
// of a database.
func removeUnfinished(root *os.Root, database string) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), database+".") && strings.HasSuffix(e.Name(), atomicfile.Suffix) {
			err = errors.Join(err, root.Remove(e.Name()))
		}
	}
	return err
}
