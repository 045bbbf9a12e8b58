package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// MissingProgramError is the [ErrProgramMissing] of one program.
type MissingProgramError struct {
	// Name is that of the program, or its path. where says where it was looked for.
	Name  string
	where string
}

// Error implements error.
func (e *MissingProgramError) Error() string {
	return fmt.Sprintf("cannot find %s%s: %v", e.Name, e.where, ErrProgramMissing)
}

// Unwrap returns [ErrProgramMissing].
func (*MissingProgramError) Unwrap() error { return ErrProgramMissing }

// systemPath holds the directories that are searched after PATH: a cluster
// manager may run agents with a short one.
const systemPath = "/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin"

// lookProgram finds an installed program in PATH and in the directories of the
// system. A name with a slash is only checked. Relative entries of PATH are
// passed over. It returns [ErrProgramMissing].
func lookProgram(name string) (string, error) {
	if filepath.IsAbs(name) {
		if executable(name) {
			return name, nil
		}
		return "", &MissingProgramError{Name: name}
	}
	if name == "" || filepath.Base(name) != name {
		return "", fmt.Errorf("cannot find %q: it is neither a name nor an absolute path: %w", name, ErrProgramMissing)
	}
	directories := slices.Concat(filepath.SplitList(os.Getenv("PATH")), filepath.SplitList(systemPath))
	for _, directory := range directories {
		if path := filepath.Join(directory, name); filepath.IsAbs(directory) && executable(path) {
			return path, nil
		}
	}
	return "", &MissingProgramError{Name: name, where: " in PATH or " + systemPath}
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// exists reports whether path names a file of any kind, a link itself included.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
