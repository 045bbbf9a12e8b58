// Package atomicfile replaces files as a whole, and durably unless the caller asks
// for less: a reader, and an action after a crash or a power loss, finds the
// earlier content or the new one. All names are relative to an [os.Root], so no link leads out of it.
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
// whatever the umask. It is on disk when Write returns nil. If only the last sync
// of the directory fails, the new file has the name already.
func Write(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	if err := replace(root, name, content, mode, (*os.File).Sync); err != nil {
		return err
	}
	return SyncDirectory(root, filepath.Dir(name))
}

// WriteUnsynced is [Write] for a file that need not outlive a crash of the machine:
// it waits for no disk.
func WriteUnsynced(root *os.Root, name string, content []byte, mode fs.FileMode) error {
	return replace(root, name, content, mode, func(*os.File) error { return nil })
}

// replace has the earlier file in place until the new one is whole.
func replace(root *os.Root, name string, content []byte, mode fs.FileMode, sync func(*os.File) error) error {
	// The random part keeps two writers of one name from each other's file.
	temporary := name + "." + rand.Text() + Suffix
	file, err := root.OpenFile(temporary, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err = file.Write(content); err == nil {
		err = errors.Join(file.Chmod(mode), sync(file))
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		return errors.Join(err, root.Remove(temporary))
	}
	return nil
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
