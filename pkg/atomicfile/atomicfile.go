// Package atomicfile replaces files as a whole and durably: a reader, and an
// action after a crash or a power loss, finds the earlier content or the new
// one. All names are relative to an [os.Root], so no link leads out of it.
//
// github.com/google/renameio does not sync the directory: after a power loss
// the earlier file may be back although its function had returned nil.
package atomicfile

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Suffix ends the name of a file that is being written: NAME.RANDOM.tmp. A crash
// leaves it behind; it may be removed when no other process writes NAME.
const Suffix = ".tmp"

// Write replaces the file of a name by one with the given content and mode,
// whatever the umask. It is on disk when Write returns nil.
func Write(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	return Create(root, name, mode, func(file *os.File) error {
		_, err := file.Write(content)
		return err
	})
}

// Create is [Write] with a function that writes the content. If that fails, its
// error is returned and the earlier file stays. If only the last sync of the
// directory fails, the new file has the name already.
func Create(root *os.Root, name string, mode fs.FileMode, fill func(*os.File) error) error {
	// The random part keeps two writers of one name from each other's file.
	temporary := name + "." + rand.Text() + Suffix
	file, err := root.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = fill(file)
	if err == nil {
		err = errors.Join(file.Chmod(mode), file.Sync())
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return SyncDirectory(root, filepath.Dir(name))
}

// Rename gives a file that is on disk already another name, durably.
func Rename(root *os.Root, from, to string) error {
	if err := root.Rename(from, to); err != nil {
		return err
	}
	return SyncDirectory(root, filepath.Dir(to))
}

// SyncDirectory returns when the names in a directory are on disk.
func SyncDirectory(root *os.Root, name string) error {
	directory, err := root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}
