// Package snapshot keeps copies of database files that are about to lose rows:
// a copy and a small JSON description beside it for each, in a directory of its
// own beside the databases. It copies files and decides nothing.
package snapshot

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// DirectoryName is the directory of the snapshots, beside the databases.
const DirectoryName = "ovndb-servers.snapshots"

// Info describes a snapshot; it is what the JSON file beside it says.
type Info struct {
	// Name identifies the snapshot: DATABASE.TIME.WHY.
	Name string `json:"name"`
	// Database is the database's name, File the file that was copied.
	Database string `json:"database"`
	File     string `json:"file"`
	// Taken is when, by this node's clock.
	Taken time.Time `json:"taken"`
	// Why is a word or two, Reason a sentence.
	Why    string `json:"why"`
	Reason string `json:"reason"`
	// Position is the term and the progress of the data.
	Position string `json:"position"`
	// SizeBytes is the size of the copy.
	SizeBytes int64 `json:"size_bytes"`
}

// ErrNoSnapshot is returned when there is no snapshot of a name.
var ErrNoSnapshot = errors.New("no such snapshot")

// Directory is where the snapshots of a database directory are kept.
type Directory struct {
	path string
}

// In returns the snapshot directory beside the databases in a directory.
func In(databases string) Directory {
	return Directory{path: filepath.Join(databases, DirectoryName)}
}

// Path returns the path of a snapshot's database file.
func (d Directory) Path(name string) string { return filepath.Join(d.path, name+".db") }

func (d Directory) infoPath(name string) string { return filepath.Join(d.path, name+".json") }

// Take copies a database file and describes the copy. The copy is complete and
// on disk when Take returns; until then it has another name. Info's Name, Taken
// and SizeBytes are filled in.
func (d Directory) Take(ctx context.Context, info Info) (Info, error) {
	if err := os.MkdirAll(d.path, 0o750); err != nil {
		return Info{}, fmt.Errorf("cannot keep a snapshot of %s: %w", info.File, err)
	}
	info.Taken = time.Now().UTC()
	info.Name = strings.Join([]string{info.Database, info.Taken.Format("20060102T150405.000000000Z"), info.Why}, ".")
	size, err := copyFile(ctx, info.File, d.Path(info.Name))
	if err != nil {
		return Info{}, fmt.Errorf("cannot keep a snapshot of %s: %w", info.File, err)
	}
	info.SizeBytes = size
	text, err := json.MarshalIndent(info, "", "  ")
	if err == nil {
		err = os.WriteFile(d.infoPath(info.Name), append(text, '\n'), 0o640)
	}
	if err != nil {
		return Info{}, fmt.Errorf("cannot describe the snapshot of %s: %w", info.File, err)
	}
	return info, nil
}

// copyFile copies what is in a file now; the kernel shares the blocks where the
// file system can.
func copyFile(ctx context.Context, from, to string) (size int64, err error) {
	source, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer func() { _ = source.Close() }()
	temporary := to + ".tmp"
	target, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o640)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary))
		}
	}()
	for err == nil && ctx.Err() == nil {
		var n int64
		n, err = io.CopyN(target, source, copyPiece)
		size += n
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	err = cmp.Or(err, ctx.Err(), target.Sync(), target.Close())
	if err != nil {
		return 0, errors.Join(err, ignoreClosed(target.Close()))
	}
	return size, os.Rename(temporary, to)
}

// copyPiece is how much is copied before the deadline is looked at again.
const copyPiece = 64 << 20

func ignoreClosed(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return nil
	}
	return err
}

// List returns the snapshots, the newest first. There being none is no error.
func (d Directory) List() ([]Info, error) {
	entries, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the snapshots: %w", err)
	}
	var all []Info
	for _, e := range entries {
		name, isInfo := strings.CutSuffix(e.Name(), ".json")
		if !isInfo {
			continue
		}
		info, err := d.Find(name)
		if err != nil {
			return nil, err
		}
		all = append(all, info)
	}
	slices.SortFunc(all, func(a, b Info) int { return b.Taken.Compare(a.Taken) })
	return all, nil
}

// Find returns the description of a snapshot, or ErrNoSnapshot.
func (d Directory) Find(name string) (Info, error) {
	if name != filepath.Base(name) {
		return Info{}, fmt.Errorf("%w: %q is no name of one", ErrNoSnapshot, name)
	}
	text, err := os.ReadFile(d.infoPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return Info{}, fmt.Errorf("%w: %s", ErrNoSnapshot, name)
	}
	if err != nil {
		return Info{}, fmt.Errorf("cannot read the description of snapshot %s: %w", name, err)
	}
	var info Info
	if err := json.Unmarshal(text, &info); err != nil {
		return Info{}, fmt.Errorf("cannot read the description of snapshot %s: %w", name, err)
	}
	info.Name = name
	return info, nil
}

// Prune removes all but the newest snapshots of a database.
func (d Directory) Prune(database string, keep int) error {
	all, err := d.List()
	if err != nil {
		return err
	}
	of := slices.DeleteFunc(all, func(i Info) bool { return i.Database != database })
	for _, info := range of[min(keep, len(of)):] {
		if err := errors.Join(os.Remove(d.Path(info.Name)), os.Remove(d.infoPath(info.Name))); err != nil {
			return fmt.Errorf("cannot remove an old snapshot: %w", err)
		}
	}
	return nil
}
