package foreignpath

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// resolveCached has the kernel ask no file system for a name, and refuse instead (RESOLVE_CACHED in
// linux/openat2.h, Linux 5.12).
const resolveCached = 0x20

// IsIn reports whether an absolute path leads to a file as a process has it, which may have another root. In
// another user namespace only names are found that the kernel remembers: all that was mounted there may be
// the account's.
func IsIn(pid int, path string, file fs.FileInfo) (bool, error) {
	process, err := os.OpenFile(filepath.Join("/proc", strconv.Itoa(pid)), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return false, err
	}
	defer process.Close() //nolint:errcheck // only looked at
	at := int(process.Fd())
	root, err := openIn(at, "root", unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return false, err
	}
	defer root.Close() //nolint:errcheck // only looked at
	how := uint64(unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS)
	if !sharesUserNamespace(at) { // nor did it before, as no process gets back into one that it has left
		how |= resolveCached
	}
	found, err := openIn(int(root.Fd()), path, unix.O_PATH, how)
	if err != nil {
		return false, err
	}
	defer found.Close() //nolint:errcheck // only looked at
	return isSame(int(found.Fd()), "", unix.AT_EMPTY_PATH, file), nil
}

// sharesUserNamespace reports whether the process of a directory in /proc has the user namespace of this one.
func sharesUserNamespace(directory int) bool {
	var theirs, ours unix.Stat_t
	return unix.Fstatat(directory, "ns/user", &theirs, 0) == nil && unix.Stat("/proc/self/ns/user", &ours) == nil &&
		theirs.Dev == ours.Dev && theirs.Ino == ours.Ino
}

// LeadsTo reports whether a link in /proc to a file of a process leads to the given one.
func LeadsTo(link string, file fs.FileInfo) bool { return isSame(unix.AT_FDCWD, link, 0, file) }

// isSame asks no file system: the kernel knows what tells files apart.
func isSame(directory int, path string, flags int, file fs.FileInfo) bool {
	wanted, ok := file.Sys().(*syscall.Stat_t)
	var found unix.Statx_t
	err := unix.Statx(directory, path, flags|unix.AT_STATX_DONT_SYNC, unix.STATX_INO, &found)
	return ok && err == nil && found.Ino == wanted.Ino && unix.Mkdev(found.Dev_major, found.Dev_minor) == wanted.Dev
}
