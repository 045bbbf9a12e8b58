package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrHeld is returned when another process holds a pidfile.
var ErrHeld = errors.New("another process holds it")

// HeldPidfile is a pidfile of which this process is the owner.
type HeldPidfile struct {
	path Pidfile
	file *os.File
}

// Hold makes this process the owner of the pidfile until it releases it or ends,
// however it ends. It returns [ErrHeld] if another process is its owner. This process must not
// open the file otherwise meanwhile: its lock would be lost with the first file it
// closes (fcntl(2), "Advisory record locking").
func (p Pidfile) Hold() (*HeldPidfile, error) {
	file, err := os.OpenFile(string(p), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
	if err == nil {
		if err = p.occupy(file); err == nil {
			return &HeldPidfile{path: p, file: file}, nil
		}
		_ = file.Close()
	}
	return nil, fmt.Errorf("cannot hold pidfile %s: %w", string(p), err)
}

// Lost reports whether the pidfile was removed or replaced: nothing finds this process by it any more, and
// another one can be its owner.
func (h *HeldPidfile) Lost() bool {
	locked, err := h.file.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(string(h.path))
	return errors.Is(err, fs.ErrNotExist) || err == nil && !os.SameFile(locked, named)
}

// Release gives the pidfile up, and removes it unless it is another process's.
func (h *HeldPidfile) Release() {
	if !h.Lost() {
		_ = os.Remove(string(h.path))
	}
	_ = h.file.Close()
}

// tryLock locks a pidfile for this process, and reports whether another one has locked it (fcntl(2)).
func tryLock(file *os.File) (held bool, err error) {
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err = unix.FcntlFlock(file.Fd(), unix.F_SETLK, &lock)
	return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES), err
}

func (p Pidfile) occupy(file *os.File) error {
	if held, err := tryLock(file); held {
		return ErrHeld
	} else if err != nil {
		return fmt.Errorf("cannot lock it: %w", err)
	}
	locked, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(string(p))
	if err != nil || !os.SameFile(locked, named) {
		return ErrHeld // another process removed it just now, to put its own in its place
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}
