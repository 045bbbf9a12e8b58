package snapshot

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"

	"ovndb-servers/pkg/printable"
)

const (
	// maxDescription bounds the size of a description, in bytes: without long reasons it has
	// some 500.
	maxDescription = 64 << 10
	// maxEntries bounds how many names are read of a directory that may be another account's. The
	// snapshots of two databases, at most 1000 of each, have 4000.
	maxEntries = 20000
)

// List returns the snapshots by database, the newest of each first. It is no error if there is
// none. A description that cannot be read is replaced by the name. All texts are printable. If some
// cannot be listed, the others are returned beside the error.
func (d Directory) List() ([]Info, error) {
	roots, err := d.roots()
	defer closeAll(roots)
	var all []Info
	for _, root := range roots {
		found, failure := describeAll(root)
		err = errors.Join(err, failure)
		all = append(all, found...)
	}
	slices.SortFunc(all, newestFirst)
	if err != nil {
		err = fmt.Errorf("cannot list all snapshots: %w", err)
	}
	return all, err
}

func newestFirst(a, b Info) int {
	// The names of those without a number have the time.
	return cmp.Or(strings.Compare(a.Database, b.Database), cmp.Compare(b.Number, a.Number), strings.Compare(b.Name, a.Name))
}

// ownSnapshots returns the snapshots of a database in the present directory, the newest first.
func ownSnapshots(root *os.Root, database string) ([]Info, error) {
	all, err := describeAll(root)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(i Info) bool { return i.Database != database })
	slices.SortFunc(all, newestFirst)
	return all, nil
}

// describeAll returns the snapshots in a directory, in any order.
func describeAll(root *os.Root) (all []Info, err error) {
	directory, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	defer directory.Close() //nolint:errcheck // only read
	names, err := directory.Readdirnames(maxEntries)
	if errors.Is(err, io.EOF) { // it is empty
		err = nil
	}
	if len(names) == maxEntries {
		err = fmt.Errorf("%s has more than %d files", root.Name(), maxEntries-1)
	}
	for _, file := range names {
		name, isCopy := strings.CutSuffix(file, copySuffix)
		if !isCopy {
			continue
		}
		info, failure := describe(root, name)
		if errors.Is(failure, ErrNoSnapshot) {
			continue // another file, or removed meanwhile
		}
		if failure != nil {
			info, _ = parseName(name)
			info.Reason = "not known: the copy cannot be opened"
		}
		all = append(all, info)
	}
	return all, err
}

// Find returns the description of a snapshot, or ErrNoSnapshot.
func (d Directory) Find(name string) (Info, error) {
	file, info, err := d.Open(name)
	if err != nil {
		return Info{}, err
	}
	return info, file.Close()
}

// Open opens the database file of a snapshot, which the caller closes, and returns its description.
// It returns ErrNoSnapshot if there is none of the name.
func (d Directory) Open(name string) (*os.File, Info, error) {
	roots, failure := d.roots()
	defer closeAll(roots)
	for _, root := range roots {
		info, err := describe(root, name)
		if errors.Is(err, ErrNoSnapshot) {
			continue
		}
		if err != nil {
			return nil, Info{}, err
		}
		file, _, err := openCopy(root, name)
		return file, info, err
	}
	if failure != nil {
		return nil, Info{}, fmt.Errorf("cannot find snapshot %q: %w", name, failure)
	}
	return nil, Info{}, fmt.Errorf("%w: %q", ErrNoSnapshot, name)
}

// describe returns the description of a snapshot. Its name is believed before its JSON file.
func describe(root *os.Root, name string) (Info, error) {
	file, info, err := openCopy(root, name)
	if err != nil {
		return Info{}, err
	}
	_ = file.Close() // only opened
	text, err := readDescription(root, name)
	var described Info
	switch {
	case err != nil:
		info.Reason = "not known: its description cannot be read"
	case json.Unmarshal(text, &described) != nil:
		info.Reason = "not known: its description cannot be understood"
	default:
		info.File, info.Reason, info.Position = printable.Text(described.File), printable.Text(described.Reason), printable.Text(described.Position)
		info.CutBytes = described.CutBytes
	}
	return info, nil
}

func readDescription(root *os.Root, name string) ([]byte, error) {
	file, _, err := openRegular(root, name+infoSuffix)
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only read
	return io.ReadAll(io.LimitReader(file, maxDescription))
}

// openCopy opens the database file of a snapshot, and describes it by its name.
func openCopy(root *os.Root, name string) (*os.File, Info, error) {
	info, isName := parseName(name)
	if !isName {
		return nil, Info{}, fmt.Errorf("%w: %q is no name of one", ErrNoSnapshot, name)
	}
	file, stat, err := openRegular(root, name+copySuffix)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrNotRegular) {
		return nil, Info{}, fmt.Errorf("%w: %s", ErrNoSnapshot, name)
	}
	if err != nil {
		return nil, Info{}, fmt.Errorf("cannot open snapshot %s: %w", name, err)
	}
	info.SizeBytes = stat.Size()
	return file, info, nil
}

// openRegular opens a regular file of a directory that may be another account's. Opening a FIFO
// does not block.
func openRegular(root *os.Root, name string) (*os.File, fs.FileInfo, error) {
	// An os.Root follows a link that stays in it, whatever the flags.
	if info, err := root.Lstat(name); err != nil {
		return nil, nil, err
	} else if !info.Mode().IsRegular() {
		return nil, nil, ErrNotRegular
	}
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = ErrNotRegular
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return file, info, nil
}
