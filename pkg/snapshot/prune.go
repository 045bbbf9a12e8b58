package snapshot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// Prune removes the oldest snapshots of a database until at most keep are left, but never the
// newest of a kind: one that [Directory.Take] has just returned is among those. Those of earlier
// versions stay, and do not count.
func (d Directory) Prune(database string, keep int) error {
	if err := d.prune(database, keep); err != nil {
		return fmt.Errorf("cannot remove an old snapshot: %w", err)
	}
	return nil
}

func (d Directory) prune(database string, keep int) error {
	root, err := openIn(d.state, DirectoryName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // only a directory
	all, err := ownSnapshots(root, database)
	if err != nil {
		return err
	}
	kinds := map[string]bool{}
	var others []Info // the newest first
	for _, info := range all {
		if kinds[info.Why] {
			others = append(others, info)
		}
		kinds[info.Why] = true
	}
	for _, info := range others[min(max(keep-len(kinds), 0), len(others)):] {
		if err := remove(root, info.Name); err != nil {
			return err
		}
	}
	return nil
}

// remove removes the copy last: without a description it is listed, and pruned, still.
func remove(root *os.Root, name string) error {
	for _, file := range []string{name + infoSuffix, name + copySuffix} {
		if err := root.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
