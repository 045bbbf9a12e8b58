package process

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

var (
	// ErrDirectoryRefused is returned when a directory cannot be one of the servers': it is the
	// system's or another account's, others may write to it, or the servers may not.
	ErrDirectoryRefused = errors.New("directory cannot be used for the servers")

	// ErrSystemDirectory is the [ErrDirectoryRefused] of a directory that is wrong on every node.
	ErrSystemDirectory = fmt.Errorf("%w: it belongs to the whole system", ErrDirectoryRefused)
)

// MendableError is the [ErrDirectoryRefused] of a directory that one command mends.
type MendableError struct {
	reason string
	// Command mends it.
	Command string
}

// Error implements error.
func (e *MendableError) Error() string {
	return fmt.Sprintf("%v: %s (%s)", ErrDirectoryRefused, e.reason, e.Command)
}

// Unwrap returns [ErrDirectoryRefused].
func (*MendableError) Unwrap() error { return ErrDirectoryRefused }

// directoryMode is the mode ovn-lib's ovn_install_dir gives the directories that
// ovn-ctl creates for a database server.
const directoryMode = 0o755

// systemDirectories returns those of the Filesystem Hierarchy Standard 3.0 that hold directories of
// many programs. One of them is a mistake in a parameter.
func systemDirectories() []string {
	return []string{
		"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root", "/run",
		"/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/sbin", "/usr/share", "/var",
		"/var/cache", "/var/lib", "/var/log", "/var/opt", "/var/run", "/var/spool", "/var/tmp",
	}
}

// Prepare creates the missing directories that a server writes to, and gives those to owner. One
// that exists is never given away, nor is anything in it: it must be owner's or root's, and owner
// must be able to write to it. It returns [ErrDirectoryRefused] otherwise. The schemas are left
// alone.
func (l Layout) Prepare(owner Owner) error {
	for _, directory := range l.written() {
		err := checkDirectory(directory, owner)
		if errors.Is(err, fs.ErrNotExist) {
			err = createDirectory(directory, owner)
		}
		if err != nil {
			return fmt.Errorf("cannot prepare directory %s for account %s: %w", directory, owner, err)
		}
	}
	return nil
}

// Check returns all that [Layout.Prepare] would refuse, and changes nothing.
func (l Layout) Check(owner Owner) error {
	var failures []error
	for _, directory := range l.written() {
		err := checkDirectory(directory, owner)
		if errors.Is(err, fs.ErrNotExist) {
			err = checkAbove(existing(directory))
		}
		if err != nil {
			failures = append(failures, fmt.Errorf("cannot use directory %s for account %s: %w", directory, owner, err))
		}
	}
	return errors.Join(failures...)
}

// CheckNames returns [ErrSystemDirectory] if the name of a directory alone says that it cannot be
// the servers'. Empty names are passed over.
func (l Layout) CheckNames() error {
	var failures []error
	for _, directory := range l.written() {
		if directory != "" && slices.Contains(systemDirectories(), filepath.Clean(directory)) {
			failures = append(failures, fmt.Errorf("cannot use directory %s: %w", directory, ErrSystemDirectory))
		}
	}
	return errors.Join(failures...)
}

// written are the directories that a server writes to.
func (l Layout) written() []string { return []string{l.RunDir, l.DatabaseDir, l.LogDir} }

// existing returns the innermost directory on the way to a missing one that is there.
func existing(directory string) string {
	for ; directory != filepath.Dir(directory); directory = filepath.Dir(directory) {
		if _, err := os.Stat(directory); err == nil {
			break
		}
	}
	return directory
}

// checkDirectory returns [ErrDirectoryRefused] for a directory that cannot be used by the account,
// and fs.ErrNotExist if there is none.
func checkDirectory(directory string, owner Owner) error {
	resolved, err := filepath.EvalSymlinks(directory)
	if err != nil {
		return err
	}
	info, err := os.Lstat(resolved)
	if err != nil {
		return err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || !info.IsDir():
		return fmt.Errorf("%w: it is no directory", ErrDirectoryRefused)
	case slices.Contains(systemDirectories(), resolved):
		return fmt.Errorf("%w (%s)", ErrSystemDirectory, resolved)
	case owner.foreign(info):
		return fmt.Errorf("%w: it belongs to user %d", ErrDirectoryRefused, stat.Uid)
	case stat.Mode&unix.S_IWOTH != 0:
		return &MendableError{reason: "every user may write to it", Command: "chmod o-w " + resolved}
	case !owner.mayWrite(stat):
		return &MendableError{reason: "that account may not write to it", Command: fmt.Sprintf("chown -R %s %s", owner, resolved)}
	}
	return nil
}

// foreign reports whether a directory is neither the account's nor root's nor this process's: a
// third account could lead anywhere each change that is made in it as the account.
func (o Owner) foreign(directory fs.FileInfo) bool {
	uid, _ := o.ids()
	found := ownerOf(directory).UID
	return found != uid && !trusted(found)
}

// checkForeign returns [ErrDirectoryRefused] for a directory that is [Owner.foreign]. It is for those
// that have passed Prepare, when the account may not be the one that they were prepared for.
func (o Owner) checkForeign(directories ...string) error {
	for _, directory := range directories {
		info, err := os.Stat(directory)
		if err != nil {
			return err
		}
		if o.foreign(info) {
			return fmt.Errorf("%w: %s belongs to user %d, and the account is %s",
				ErrDirectoryRefused, directory, ownerOf(info).UID, o)
		}
	}
	return nil
}

// mayWrite reports whether the account may create files in a directory, by its mode (inode(7)).
func (o Owner) mayWrite(stat *syscall.Stat_t) bool {
	const owner, group, other = 0o300, 0o030, 0o003
	uid, gid := o.ids()
	needed := uint32(other)
	switch {
	case uid == 0:
		return true
	case int(stat.Uid) == uid:
		needed = owner
	case int(stat.Gid) == gid || slices.Contains(o.Groups, stat.Gid):
		needed = group
	}
	return stat.Mode&needed == needed
}

// createDirectory creates a directory with OVN's mode, whatever the umask, and gives it to owner;
// missing ones above it are this process's.
func createDirectory(directory string, owner Owner) error {
	parent := filepath.Dir(directory)
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) {
		if err := createDirectory(parent, Owner{}); err != nil {
			return err
		}
	}
	if err := checkAbove(parent); err != nil {
		return err
	}
	above, err := os.OpenFile(parent, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	defer above.Close() //nolint:errcheck // only read
	return createIn(above, filepath.Base(directory), owner)
}

// createIn gives away only a directory that it has created.
func createIn(above *os.File, name string, owner Owner) error {
	err := unix.Mkdirat(int(above.Fd()), name, directoryMode)
	if errors.Is(err, fs.ErrExist) {
		return checkDirectory(filepath.Join(above.Name(), name), owner) // another process came first
	}
	if err != nil {
		return err
	}
	fd, err := unix.Openat(int(above.Fd()), name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	created := os.NewFile(uintptr(fd), name)
	uid, gid := owner.ids()
	return errors.Join(created.Chmod(directoryMode), created.Chown(uid, gid), created.Close())
}

// checkAbove returns [ErrDirectoryRefused] unless a directory and all above it, and above where
// links in its path lead, are root's: nothing can take the place of a file that is created there
// then.
func checkAbove(directory string) error {
	resolved, err := filepath.EvalSymlinks(directory)
	if err != nil {
		return err
	}
	for _, path := range []string{filepath.Clean(directory), resolved} {
		for ; ; path = filepath.Dir(path) {
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			open := info.Mode()&0o002 != 0 && info.Mode()&fs.ModeSticky == 0
			if !trusted(ownerOf(info).UID) || open {
				return fmt.Errorf("%w: %s, below which it would be created, is not root's alone", ErrDirectoryRefused, path)
			}
			if path == "/" {
				break
			}
		}
	}
	return nil
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
