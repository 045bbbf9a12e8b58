package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// privateMode is that of a directory of this process's own state.
const privateMode = 0o700

// CreatePrivate creates a directory that is this process's alone, with those above it that are
// missing. It returns [ErrDirectoryRefused] if another account could change its content, or put
// another one in its place.
func CreatePrivate(directory string) error {
	if err := CheckPrivate(directory); err != nil {
		return err
	}
	if err := os.MkdirAll(directory, privateMode); err != nil {
		return err
	}
	return os.Chmod(directory, privateMode)
}

// CheckPrivate returns the error with which [CreatePrivate] would refuse, and changes nothing.
func CheckPrivate(directory string) error {
	info, err := os.Lstat(directory)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		err = checkAbove(existing(directory))
	case err != nil:
	case !info.IsDir():
		err = fmt.Errorf("%w: it is no directory", ErrDirectoryRefused)
	case ownerOf(info).UID != os.Geteuid():
		err = fmt.Errorf("%w: it belongs to user %d", ErrDirectoryRefused, ownerOf(info).UID)
	case info.Mode().Perm()&0o022 != 0:
		err = &MendableError{reason: "others may write to it", Command: "chmod go-w " + directory}
	default:
		err = checkAbove(filepath.Dir(directory))
	}
	if err != nil {
		return fmt.Errorf("cannot keep the agent's own files in %s: %w", directory, err)
	}
	return nil
}
