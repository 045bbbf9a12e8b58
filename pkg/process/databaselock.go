package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// lockfile is the path of the file Open vSwitch locks before it writes to a
// database file (lockfile_name in Open vSwitch's lib/lockfile.c).
func lockfile(database string) string {
	return filepath.Join(filepath.Dir(database), "."+filepath.Base(database)+".~lock~")
}

// databaseLock is the path of a database file. Its server holds the lock of the file beside it from
// before it opens the database until it ends, also while it compacts or converts it
// (ovsdb_log_open and ovsdb_log_replace_commit in Open vSwitch's ovsdb/log.c).
type databaseLock string

// holder implements lock. It returns [ErrInUse] if the process that holds the lock runs another
// program than a server, such as ovsdb-tool.
func (l databaseLock) holder() (holder, error) {
	held, err := l.read()
	if err == nil && !runsProgram(held.pid, ServerProgram) {
		// It may have ended just now, or have executed its program since.
		if held, err = l.read(); err == nil && !runsProgram(held.pid, ServerProgram) {
			err = &inUseError{held: held}
		}
	}
	if errors.Is(err, errOpenFileLock) { // of lockDatabase
		err = errors.Join(ErrInUse, err)
	}
	if err != nil {
		return holder{}, fmt.Errorf("cannot find the server of database file %s: %w", string(l), err)
	}
	return held, nil
}

// inUseError is the [ErrInUse] of a process that is no server.
type inUseError struct{ held holder }

// Error names the process.
func (e *inUseError) Error() string {
	return fmt.Sprintf("%v by process %d, which is no %s", ErrInUse, e.held.pid, ServerProgram)
}

// Unwrap returns ErrInUse.
func (e *inUseError) Unwrap() error { return ErrInUse }

func (l databaseLock) read() (holder, error) {
	found, err := followLinks(string(l))
	if errors.Is(err, fs.ErrNotExist) {
		return holder{}, fmt.Errorf("there is no such directory: %w", ErrNotRunning)
	}
	if err != nil {
		return holder{}, err
	}
	path := lockfile(found.path)
	file, held, err := openLocked(path)
	if err != nil {
		return holder{}, fmt.Errorf("%s: %w", path, err)
	}
	held.directory = found.owner.UID
	if account := ownerOf(held.file).UID; found.linked && account != found.owner.UID {
		err = fmt.Errorf("%w: a link of user %d leads to %s, which is of user %d: a server must be taken for running",
			errStranger, found.owner.UID, path, account)
	}
	return held, errors.Join(err, file.Close())
}

func (l databaseLock) ofAccount() bool {
	found, err := followLinks(string(l))
	if err != nil {
		found.owner.UID = directoryAccount(string(l))
	}
	return !trusted(found.owner.UID)
}

// String returns the path.
func (l databaseLock) String() string { return string(l) }

// lockDatabase takes the lock a server would hold, and returns [ErrInUse] if
// one does. The lockfile stays when the lock is released, as Open vSwitch
// leaves it. The lock belongs to the open file, not to the process: two
// callers in one process exclude each other as well.
func lockDatabase(database string) (release func(), err error) {
	file, err := os.OpenFile(lockfile(database), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot open lockfile: %w", err)
	}
	lock := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	err = unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock)
	if err == nil {
		return func() { unlock(file) }, nil
	}
	defer file.Close() //nolint:errcheck // nothing was written
	if !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EACCES) {
		return nil, fmt.Errorf("cannot lock %s: %w", file.Name(), err)
	}
	holder := unix.Flock_t{Type: unix.F_WRLCK, Whence: io.SeekStart}
	if unix.FcntlFlock(file.Fd(), unix.F_OFD_GETLK, &holder) == nil && holder.Type != unix.F_UNLCK && holder.Pid > 0 {
		return nil, fmt.Errorf("cannot lock %s: %w by process %d", file.Name(), ErrInUse, holder.Pid)
	}
	return nil, fmt.Errorf("cannot lock %s: %w", file.Name(), ErrInUse)
}

// unlock gives the lock up by name and not by closing the file: a child that is
// being started at this moment also has the open file until it executes its
// program, and would keep the lock until then.
func unlock(file *os.File) {
	open := unix.Flock_t{Type: unix.F_UNLCK, Whence: io.SeekStart}
	_ = unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &open) // cannot fail on a lock that is held
	_ = file.Close()                                        // nothing was written
}
