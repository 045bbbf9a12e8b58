package ovsdbfile

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// identity is which file was read, as long as the machine runs. The number of a file that
// is gone is given to another one; the time of its birth, where the file system knows
// it, is not.
type identity struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	// Born is when the file was created, Modified when it was written to last, in
	// nanoseconds since 1970. Born is 0 if nobody knows.
	Born     int64 `json:"born"`
	Modified int64 `json:"modified"`
}

// examine returns which file this is, and its size in bytes.
func examine(file *os.File) (identity, int64, error) {
	info, err := file.Stat()
	if err != nil {
		return identity{}, 0, fmt.Errorf("cannot read database file: %w", err)
	}
	i := identity{Modified: info.ModTime().UnixNano(), Born: birth(file)}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		i.Device, i.Inode = stat.Dev, stat.Ino
	}
	return i, info.Size(), nil
}

// birth returns when a file was created, 0 if that cannot be learnt.
func birth(file *os.File) int64 {
	var stat unix.Statx_t
	err := unix.Statx(int(file.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &stat)
	if err != nil || stat.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return stat.Btime.Sec*1e9 + int64(stat.Btime.Nsec)
}

// becomes reports whether a file that was seen later can be the same. One that was written
// to last before is a copy that took the time of its original, or the clock was set back.
func (i identity) becomes(later identity) bool {
	return i.Device == later.Device && i.Inode == later.Inode && i.Born == later.Born && i.Modified <= later.Modified
}

// bootID names the time for which this machine has been running, empty if that cannot be
// learnt. See proc_sys_kernel(5).
func bootID() string {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
