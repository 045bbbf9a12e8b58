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

	"ovndb-servers/pkg/foreignpath"
)

// lock is a file on which a daemon holds a write lock as long as it lives.
type lock interface {
	// holder returns the process that holds the lock. It returns ErrNotRunning if none does; with
	// any other error it is not known whether one does.
	holder() (holder, error)
	// ofAccount reports whether an account that is neither root's nor this process's chooses which
	// file lies in its place.
	ofAccount() bool
	fmt.Stringer
}

// holder is the process that holds a write lock.
type holder struct {
	pid  int
	file fs.FileInfo // of the locked file
	// directory is the account of the file's directory. Unless that is trusted, it may have put any
	// file there, and have it locked by any of its processes.
	directory int
}

// account returns the account that the file is of, whoever has made it.
func (h holder) account() int {
	if trusted(h.directory) {
		return ownerOf(h.file).UID
	}
	return h.directory
}

// trusted reports whether an account is root's or this process's.
func trusted(uid int) bool { return uid == 0 || uid == os.Geteuid() }

// errOpenFileLock is returned for a lock that belongs to an open file, which names no process
// (F_OFD_SETLK in fcntl(2)). No daemon takes one.
var errOpenFileLock = errors.New("an open file that names no process has locked it")

// errHidden is returned for a lock of a process that cannot be seen.
var errHidden = errors.New("a process has locked it that cannot be seen from here, as from within another PID namespace: " +
	"it must be taken for running")

// lockReads is how often a lock is asked for whose answer does not fit together: a daemon that
// starts or ends changes it meanwhile.
const lockReads = 5

// openLocked opens a file and asks who holds a write lock on it. A FIFO, a device or a link in
// its place neither holds nor leads the caller.
func openLocked(path string) (file *os.File, held holder, err error) {
	file, err = foreignpath.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, holder{}, fmt.Errorf("there is no such file: %w", ErrNotRunning)
	}
	if err != nil {
		return nil, holder{}, err
	}
	if held.pid, err = lockHolder(file); err == nil {
		held.file, err = file.Stat()
	}
	held.directory = directoryAccount(path)
	if err != nil {
		_ = file.Close() // only read
		return nil, holder{}, err
	}
	return file, held, nil
}

// directoryAccount returns the account that a file's directory belongs to, root's if there is none.
func directoryAccount(path string) int {
	info, err := foreignpath.Stat(filepath.Dir(path))
	if errors.Is(err, fs.ErrPermission) {
		uid, _ := mountAccount(filepath.Dir(path))
		return uid
	}
	if err != nil {
		return 0
	}
	return ownerOf(info).UID
}

// lockHolder returns the process that holds a write lock, as a number of this process's PID
// namespace. The kernel names 0 if the holder is in a PID namespace that is not below this
// process's own, and -1 if the lock belongs to an open file (fcntl(2)).
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
	case l.Pid < 0:
		return 0, errOpenFileLock
	case l.Pid == 0:
		return 0, errHidden
	default:
		return int(l.Pid), nil
	}
}

// holder returns the process of the daemon and the lock by which it was found. It returns
// [ErrNotRunning] if no process has any of its locks. A process that has the pidfile alone, and
// cannot be the daemon's, does not count.
func (d daemon) holder() (locked lock, held holder, err error) {
	for _, l := range d.locks {
		held, err = d.holderOf(l)
		_, pidfile := l.(Pidfile)
		if pidfile && (errors.Is(err, errStranger) || errors.Is(err, errOpenFileLock)) {
			err = fmt.Errorf("%w: %w", ErrNotRunning, err)
		}
		if locked = l; !errors.Is(err, ErrNotRunning) {
			break
		}
	}
	return locked, held, err
}

// holderOf returns the process that has a lock, and errStranger if it cannot be the daemon's. One that
// ends has no lock at another look.
func (d daemon) holderOf(l lock) (held holder, err error) {
	for range lockReads {
		if held, err = l.holder(); err != nil {
			return holder{}, err
		}
		if err = held.identify(d); err == nil {
			return held, nil
		}
	}
	return holder{}, fmt.Errorf("%s: %w", l, err)
}

// openHolder opens the process that holds a lock.
func openHolder(l lock) (*handle, holder, error) {
	held, err := l.holder()
	if err != nil {
		return nil, holder{}, err
	}
	for range lockReads {
		process, err := openHandle(held.pid)
		if err != nil && !errors.Is(err, ErrNotRunning) {
			return nil, holder{}, err
		}
		again, lockErr := l.holder()
		if err == nil && lockErr == nil && again.pid == held.pid {
			return process, again, nil
		}
		if err == nil {
			process.close()
		}
		if lockErr != nil {
			return nil, holder{}, lockErr
		}
		held = again // another process has taken the lock just now
	}
	return nil, holder{}, fmt.Errorf("%s changes hands again and again", l)
}

// errStranger is returned for a process that must not be signalled.
var errStranger = errors.New("a process that is not the daemon's has locked it, and is left alone")

// check returns errStranger unless the holder may be signalled: it is the daemon's, and has the
// locked file open. The owner of a directory can put the pidfile of any daemon into it.
func (h holder) check(d daemon) error {
	if err := h.identify(d); err != nil {
		return err
	}
	if !hasOpen(h.pid, h.file) {
		return fmt.Errorf("%w: process %d does not have it open", errStranger, h.pid)
	}
	return nil
}

// identify returns errStranger unless the holder runs the program, as root, as this process's
// account or as that of the locked file. Where another account owns the directory, a process that is
// not its own must have been started for the daemon's files.
func (h holder) identify(d daemon) error {
	switch uid := accountOfProcess(h.pid); {
	case !runsProgram(h.pid, d.program):
		return fmt.Errorf("%w: process %d does not run %s", errStranger, h.pid, d.program)
	case !trusted(uid) && uid != h.account():
		return fmt.Errorf("%w: process %d is of user %d, the file of user %d", errStranger, h.pid, uid, h.account())
	case !trusted(h.directory) && trusted(uid) && !d.commandNames(h.pid):
		return fmt.Errorf("%w: process %d of user %d was started for other files", errStranger, h.pid, uid)
	}
	return nil
}

// hasOpen reports whether a process has a file open. Where that cannot be read, as in a container
// without CAP_SYS_PTRACE, it is taken to have.
func hasOpen(pid int, file fs.FileInfo) bool {
	directory := filepath.Join("/proc", strconv.Itoa(pid), "fd")
	entries, err := os.ReadDir(directory)
	if err != nil {
		return errors.Is(err, fs.ErrPermission)
	}
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return foreignpath.LeadsTo(filepath.Join(directory, e.Name()), file)
	})
}

// noAccount is the result of accountOfProcess for a process that has ended.
const noAccount = -1

// accountOfProcess returns the effective user of a process (the line Uid of /proc/PID/status,
// proc_pid_status(5)).
func accountOfProcess(pid int) int {
	content, err := readBounded(filepath.Join("/proc", strconv.Itoa(pid), "status"), maxStatus)
	if err != nil {
		return noAccount
	}
	users := statusField(content, "Uid")
	if len(users) < 2 {
		return noAccount
	}
	uid, err := parseID(users[1])
	if err != nil {
		return noAccount
	}
	return uid
}

// numbersOf returns the numbers of a process in its PID namespaces, the innermost last: the
// line NSpid of /proc/PID/status (proc_pid_status(5)).
func numbersOf(pid int) []string {
	content, err := readBounded(filepath.Join("/proc", strconv.Itoa(pid), "status"), maxStatus)
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
