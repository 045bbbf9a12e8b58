package process

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"syscall"

	"ovndb-servers/pkg/foreignpath"
)

// maxLinks is how many links lead to a database file at most, as in Open vSwitch
// (follow_symlinks in lib/util.c).
const maxLinks = 10

// databasePath is where the path of a database file leads.
type databasePath struct {
	path string // no link, but the file may be missing
	// owner is the account of the first directory on the way that is not root's, or else of the last.
	owner Owner
	// linked says that a link lies in that account's directory, or behind it: the account may lead
	// the path to a file of another.
	linked bool
}

// followLinks follows the links of a database's path, one after the other.
func followLinks(database string) (databasePath, error) {
	found := databasePath{path: database}
	for range maxLinks {
		directory, err := foreignpath.Stat(filepath.Dir(found.path))
		if err != nil {
			return databasePath{}, err
		}
		if found.owner.UID == 0 {
			found.owner = ownerOf(directory)
		}
		info, err := foreignpath.Lstat(found.path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode().Type() != fs.ModeSymlink {
			return found, nil
		}
		if err != nil {
			return databasePath{}, err
		}
		target, err := foreignpath.Readlink(found.path)
		if err != nil {
			return databasePath{}, err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(found.path), target)
		}
		found.path, found.linked = target, found.linked || found.owner.UID != 0
	}
	return databasePath{}, fmt.Errorf("cannot follow the links of %s: %w", database, syscall.ELOOP)
}
