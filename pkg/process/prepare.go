package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// directoryMode is the mode ovn-lib's ovn_install_dir gives the directories that
// ovn-ctl creates for a database server.
const directoryMode = 0o755

// Prepare creates the missing directories a server writes to, and gives them
// and all that is in them to owner, as ovn-ctl does. Links inside are given
// away themselves and never followed. The schemas are left alone.
func (l Layout) Prepare(owner Owner) error {
	for _, directory := range []string{l.RunDir, l.DatabaseDir, l.LogDir} {
		if err := install(directory); err != nil {
			return fmt.Errorf("cannot create directory %s: %w", directory, err)
		}
		if err := owner.takeTree(directory); err != nil {
			return fmt.Errorf("cannot change the owner of %s: %w", directory, err)
		}
	}
	return nil
}

// install creates a directory with OVN's mode, whatever the umask. One that
// exists keeps its mode.
func install(directory string) error {
	if isDirectory(directory) {
		return nil
	}
	if err := os.MkdirAll(directory, directoryMode); err != nil {
		return err
	}
	return os.Chmod(directory, directoryMode)
}

// takeTree gives a directory and all below it to the owner. It stays inside
// also when names are replaced by links meanwhile, and does not mind files
// that disappear: servers may be at work there.
func (o Owner) takeTree(directory string) error {
	root, err := os.OpenRoot(directory)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // read-only handle
	uid, gid := o.ids()
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return ignoreMissing(err)
		}
		info, err := entry.Info()
		if err != nil || o.has(info) {
			return ignoreMissing(err)
		}
		return ignoreMissing(root.Lchown(filepath.FromSlash(path), uid, gid))
	})
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// RemoveStale removes the pidfile and the sockets that a killed server left
// behind. It touches nothing, and returns nil, while the server runs.
func (f ServerFiles) RemoveStale() error {
	_, err := f.Owner()
	if !errors.Is(err, ErrNotRunning) {
		return err
	}
	var failures []error
	for _, socket := range []string{f.ControlSocket, f.DataSocket} {
		if info, err := os.Lstat(socket); err == nil && info.Mode().Type() == fs.ModeSocket {
			failures = append(failures, ignoreMissing(os.Remove(socket)))
		}
	}
	failures = append(failures, Pidfile(f.Pidfile).removeStale())
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("cannot remove stale files: %w", err)
	}
	return nil
}
