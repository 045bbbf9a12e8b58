package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// diskProbeSize is how much ProbeDisk writes, in bytes: a disk with less than that left has no
// room for the next transactions either.
const diskProbeSize = 64 << 10

// ProbeDisk writes to a file without a name in a directory and returns when that is on disk, or
// cannot be. It writes as the given account, which has to be able to do without the blocks that
// a file system keeps for root. It may not return while the disk hangs.
func ProbeDisk(directory string, owner Owner) error {
	err := onOwnThread(func() error {
		if err := owner.assume(); err != nil {
			return err
		}
		return writeUnnamed(directory)
	})
	if err != nil {
		return fmt.Errorf("cannot write to %s: %w", directory, err)
	}
	return nil
}

// assume makes this thread access files as the owner does, if that is not root.
func (o Owner) assume() error {
	uid, gid := o.ids()
	if uid == 0 || uid == os.Geteuid() {
		return nil
	}
	if err := dropCapability(unix.CAP_SYS_RESOURCE); err != nil {
		return fmt.Errorf("cannot drop a capability: %w", err)
	}
	if err := unix.Setfsgid(gid); err != nil {
		return fmt.Errorf("cannot access files as group %d: %w", gid, err)
	}
	if err := unix.Setfsuid(uid); err != nil {
		return fmt.Errorf("cannot access files as user %d: %w", uid, err)
	}
	// The call has no error of its own; with no valid number it returns the present one.
	if now, _ := unix.SetfsuidRetUid(-1); now != uid {
		return fmt.Errorf("cannot access files as user %d: %w", uid, unix.EPERM)
	}
	return nil
}

// dropCapability drops one of the first 32 capabilities of this thread.
func dropCapability(capability int) error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData
	if err := unix.Capget(&header, &sets[0]); err != nil {
		return err
	}
	sets[0].Effective &^= 1 << capability
	return unix.Capset(&header, &sets[0])
}

func writeUnnamed(directory string) error {
	file, err := openUnnamed(directory)
	if err != nil {
		return err
	}
	if _, err = file.Write(make([]byte, diskProbeSize)); err == nil {
		err = file.Sync()
	}
	return errors.Join(plain(err), plain(file.Close()))
}

// openUnnamed opens a file that goes when it is closed.
func openUnnamed(directory string) (*os.File, error) {
	fd, err := unix.Open(directory, unix.O_TMPFILE|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err == nil {
		return os.NewFile(uintptr(fd), "unnamed"), nil
	}
	// The errors of open(2) where the file system, or the kernel, has no such files.
	if !errors.Is(err, unix.EOPNOTSUPP) && !errors.Is(err, unix.EISDIR) {
		return nil, err
	}
	return openRemoved(directory)
}

// openRemoved opens a file whose name is removed at once.
func openRemoved(directory string) (*os.File, error) {
	path := filepath.Join(directory, ".ovndb-servers-probe-"+strconv.Itoa(os.Getpid()))
	_ = unix.Unlink(path) // of a process that was killed
	fd, err := unix.Open(path, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	file := os.NewFile(uintptr(fd), "removed")
	if err := unix.Unlink(path); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// plain returns the system's error without the name of the file, which has none.
func plain(err error) error {
	if failed, ok := errors.AsType[*os.PathError](err); ok {
		return failed.Err
	}
	return err
}
