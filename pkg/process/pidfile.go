package process

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// errDisputed may pass: a starting daemon locks a stale pidfile for a moment to delete it.
var errDisputed = errors.New("content and lock disagree")

// Pidfile is the path of a pidfile of an Open vSwitch daemon, which holds a
// write lock on it as long as it lives (make_pidfile and read_pidfile__ in
// Open vSwitch's lib/daemon-unix.c).
type Pidfile string

// Owner returns the process id of the live daemon that holds the pidfile, as a number of this
// process's PID namespace. It returns [ErrNotRunning] if the file is absent, empty, no pidfile at
// all, or left by a daemon that is gone, even if another process has its number now. Any other
// error means that the holder is not known, and the daemon must be taken for running.
func (p Pidfile) Owner() (pid int, err error) {
	held, err := p.holder()
	return held.pid, err
}

// holder implements lock.
func (p Pidfile) holder() (held holder, err error) {
	for range lockReads {
		held, err = p.read()
		if !errors.Is(err, errDisputed) {
			break
		}
	}
	if err != nil {
		return holder{}, fmt.Errorf("cannot find the process of pidfile %s: %w", string(p), err)
	}
	return held, nil
}

func (p Pidfile) ofAccount() bool { return !trusted(directoryAccount(string(p))) }

// String returns the path.
func (p Pidfile) String() string { return string(p) }

func (p Pidfile) read() (holder, error) {
	file, held, err := openLocked(string(p))
	if err != nil {
		return holder{}, err
	}
	defer file.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(file, 64))
	if err != nil {
		return holder{}, err
	}
	number, err := parsePID(string(content))
	if err != nil || !isNumberOf(number, held.pid) {
		return holder{}, fmt.Errorf("%w: it says %q, locked by process %d", errDisputed, strings.TrimSpace(string(content)), held.pid)
	}
	return held, nil
}

// parsePID parses the content of a pidfile, a decimal number and a newline as
// make_pidfile in Open vSwitch's lib/daemon-unix.c writes it.
func parsePID(content string) (int, error) {
	pid, err := strconv.ParseInt(strings.TrimSpace(content), 10, 32)
	if err != nil {
		return 0, fmt.Errorf("cannot parse process id: %w", err)
	}
	if pid <= 0 {
		return 0, fmt.Errorf("cannot parse process id: %d is none", pid)
	}
	return int(pid), nil
}

// removeStale removes a pidfile that no process holds. As daemons do, it locks
// the file first and looks whether it is still the one of that name, so that
// it never removes the pidfile of a daemon that just started.
func (p Pidfile) removeStale() error {
	file, err := os.OpenFile(string(p), os.O_RDWR|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return ignoreMissing(err)
	}
	defer file.Close() //nolint:errcheck // nothing was written

	if held, err := tryLock(file); held {
		return nil // not stale
	} else if err != nil {
		return fmt.Errorf("cannot lock pidfile %s: %w", string(p), err)
	}
	locked, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Lstat(string(p))
	if err != nil || !os.SameFile(locked, named) {
		return ignoreMissing(err)
	}
	return ignoreMissing(os.Remove(string(p)))
}

// readBounded reads at most limit bytes of a file.
func readBounded(path string, limit int64) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(file, limit))
	return string(content), err
}
