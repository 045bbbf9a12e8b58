// Package foreignpath opens paths that other accounts may lead elsewhere, and waits for none of them.
//
// Whoever may mount file systems in a user namespace of its own, as every account may on most systems,
// can answer there for each file itself (FUSE). Below an overlay root gets there as well, and waits for an
// answer that never comes: it cannot be killed then. The links of /proc to the files of a process lead
// there from everywhere.
package foreignpath

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// OpenFile is [os.OpenFile] without O_CREATE. It follows no link of /proc to the files of a process.
func OpenFile(path string, flags int) (*os.File, error) {
	return openIn(unix.AT_FDCWD, path, flags, unix.RESOLVE_NO_MAGICLINKS)
}

// Stat is [os.Stat] with the restriction of [OpenFile].
func Stat(path string) (fs.FileInfo, error) { return statOpened(OpenFile(path, unix.O_PATH)) }

// Lstat is [os.Lstat] with the restriction of [OpenFile].
func Lstat(path string) (fs.FileInfo, error) {
	return statOpened(OpenFile(path, unix.O_PATH|unix.O_NOFOLLOW))
}

// Readlink is [os.Readlink] with the restriction of [OpenFile].
func Readlink(path string) (string, error) {
	link, err := OpenFile(path, unix.O_PATH|unix.O_NOFOLLOW)
	if err != nil {
		return "", err
	}
	defer link.Close() //nolint:errcheck // only read
	target := make([]byte, unix.PathMax)
	n, err := unix.Readlinkat(int(link.Fd()), "", target)
	if err != nil {
		return "", &fs.PathError{Op: "readlink", Path: path, Err: err}
	}
	return string(target[:n]), nil
}

func statOpened(file *os.File, err error) (fs.FileInfo, error) {
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // only looked at
	return file.Stat()
}

// openIn opens a path below a directory. A kernel before 5.6 cannot refuse a kind of links; it lets no account
// mount an overlay either. The filters of some containers for system calls answer EPERM to those that they do not know.
func openIn(directory int, path string, flags int, resolve uint64) (*os.File, error) {
	how := unix.OpenHow{Flags: uint64(flags) | unix.O_CLOEXEC, Resolve: resolve} //nolint:gosec // not negative
	for {
		fd, err := unix.Openat2(directory, path, &how)
		switch {
		case errors.Is(err, unix.EINTR):
		case directory == unix.AT_FDCWD && (errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.EPERM)):
			return os.OpenFile(path, flags, 0) //nolint:gosec // see above
		case err != nil:
			return nil, &fs.PathError{Op: "open", Path: path, Err: err}
		default:
			return os.NewFile(uintptr(fd), path), nil
		}
	}
}
