package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// List returns the snapshots, the newest first. It is no error if there is none. A
// description that cannot be read is replaced by the name.
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
		name, isCopy := strings.CutSuffix(e.Name(), copySuffix)
		if !isCopy {
			continue
		}
		info, err := d.Find(name)
		if errors.Is(err, ErrNoSnapshot) {
			continue // removed meanwhile
		}
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
	if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
		return Info{}, fmt.Errorf("%w: %q is no name of one", ErrNoSnapshot, name)
	}
	file, err := os.Lstat(d.Path(name))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !file.Mode().IsRegular() {
		return Info{}, fmt.Errorf("%w: %s", ErrNoSnapshot, name)
	}
	if err != nil {
		return Info{}, fmt.Errorf("cannot find snapshot %s: %w", name, err)
	}
	info := infoOf(file)
	text, err := os.ReadFile(d.infoPath(name))
	if err != nil {
		info.Reason = "not known: its description cannot be read"
		return info, nil //nolint:nilerr // only the copy matters
	}
	described := info
	if err := json.Unmarshal(text, &described); err != nil {
		info.Reason = "not known: its description cannot be understood"
		return info, nil //nolint:nilerr // only the copy matters
	}
	described.Name = name
	return described, nil
}

// infoOf describes a copy by its name.
func infoOf(file fs.FileInfo) Info {
	info := Info{Name: strings.TrimSuffix(file.Name(), copySuffix), SizeBytes: file.Size(), Taken: file.ModTime().UTC()}
	database, rest, _ := strings.Cut(info.Name, ".")
	info.Database = database
	if i := strings.LastIndex(rest, "."); i >= 0 {
		info.Why = rest[i+1:]
		if taken, err := time.Parse(timeForm, rest[:i]); err == nil {
			info.Taken = taken
		}
	}
	return info
}

// Prune removes all but the newest snapshots of a database.
func (d Directory) Prune(database string, keep int) error {
	all, err := d.List()
	if err != nil {
		return err
	}
	of := slices.DeleteFunc(all, func(i Info) bool { return i.Database != database })
	for _, info := range of[min(keep, len(of)):] {
		// The copy goes last: without a description it is listed, and pruned, still.
		for _, path := range []string{d.infoPath(info.Name), d.Path(info.Name)} {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("cannot remove an old snapshot: %w", err)
			}
		}
	}
	return nil
}
