package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// lock is a file on which a daemon holds a write lock as long as it lives.
type lock interface {
	// Owner returns the process that holds the lock. It returns ErrNotRunning if none does; with
	// any other error it is not known whether one does.
	Owner() (pid int, err error)
	fmt.Stringer
}

// lockReads is how often a lock is asked for whose answer does not fit together: a daemon that
// starts or ends changes it meanwhile.
const lockReads = 5

// openLocked opens a file and asks who holds a write lock on it. A FIFO, a device or a link in
// its place neither holds nor leads the caller.
func openLocked(path string) (file *os.File, pid int, err error) {
	file, err = os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, fmt.Errorf("there is no such file: %w", ErrNotRunning)
	}
	if err != nil {
		return nil, 0, err
	}
	if pid, err = lockHolder(file); err != nil {
		_ = file.Close() // only read
		return nil, 0, err
	}
	return file, pid, nil
}

// lockHolder returns the process that holds a write lock, as a number of this process's PID
// namespace. The kernel names none, 0 or -1, if the holder is in a PID namespace that is not
// below this process's own, or if the lock belongs to an open file (fcntl(2)).
func lockHolder(file *os.File) (int, error) {
	// Asking for a read lock finds write locks only: anyone who can read the file can set a read
	// lock.
	l := unix.Flock_t{Type: unix.F_RDLCK, Whence: io.SeekStart}
	if err := unix.FcntlFlock(file.Fd(), unix.F_GETLK, &l); err != nil {
		return 0, fmt.Errorf("cannot ask for its lock: %w", err)
	}
	switch {
	case l.Type == unix.F_UNLCK:
		return 0, fmt.Errorf("no process has locked it: %w", ErrNotRunning)
	case l.Pid <= 0:
		return 0, errors.New("a process has locked it that cannot be seen from here, as from within another PID namespace: " +
			"it must be taken for running")
	default:
		return int(l.Pid), nil
	}
}

// openHolder opens the process that holds a lock.
func openHolder(l lock) (*handle, error) {
	pid, err := l.Owner()
	if err != nil {
		return nil, err
	}
	for range lockReads {
		process, err := openHandle(pid)
		if err != nil && !errors.Is(err, ErrNotRunning) {
			return nil, err
		}
		again, lockErr := l.Owner()
		if err == nil && lockErr == nil && again == pid {
			return process, nil
		}
		if err == nil {
			process.close()
		}
		if lockErr != nil {
			return nil, lockErr
		}
		pid = again // another process has taken the lock just now
	}
	return nil, fmt.Errorf("%s changes hands again and again", l)
}

// numbersOf returns the numbers of a process in its PID namespaces, the innermost last: the
// line NSpid of /proc/PID/status (proc_pid_status(5)).
func numbersOf(pid int) []string {
	content, err := readBounded(filepath.Join("/proc", strconv.Itoa(pid), "status"), 1<<16)
	if err != nil {
		return nil
	}
	return statusField(content, "NSpid")
}

// statusField returns the words of a line of /proc/PID/status.
func statusField(content, name string) []string {
	for line := range strings.Lines(content) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.Fields(value)
		}
	}
	return nil
}

// isNumberOf reports whether a process calls itself by a number: its own PID namespace may be
// another one than this process's.
func isNumberOf(number, pid int) bool {
	return number == pid || slices.Contains(numbersOf(pid), strconv.Itoa(number))
}
