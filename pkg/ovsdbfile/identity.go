package ovsdbfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// identity identifies a file until the next reboot. The inode number of a deleted file is
// given to another one; its time of creation, where the file system records it, is not.
type identity struct {
	Device uint64 `json:"device"`
	Inode  uint64 `json:"inode"`
	// Born is when the file was created, Modified when it was written to last, and Changed when
	// it, its owner, mode or links were changed last, in nanoseconds since 1970. Born is 0 if the
	// file system does not record it. No user can set Changed.
	Born     int64 `json:"born"`
	Modified int64 `json:"modified"`
	Changed  int64 `json:"changed"`
}

// examine returns the identity of a file and its size in bytes.
func examine(file *os.File) (identity, int64, error) {
	info, err := file.Stat()
	if err != nil {
		return identity{}, 0, fmt.Errorf("cannot read database file: %w", err)
	}
	i := identity{Modified: info.ModTime().UnixNano(), Born: birth(file)}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		i.Device, i.Inode = stat.Dev, stat.Ino
		i.Changed = stat.Ctim.Nano()
	}
	return i, info.Size(), nil
}

// Fingerprint returns letters and digits that stand for a file with its present content until the
// next reboot, empty if the system does not tell boots apart. The error is that of the file.
func Fingerprint(file *os.File) (string, error) {
	i, size, err := examine(file)
	boot, _ := BootID() // empty if it is unknown
	if err != nil || boot == "" {
		return "", err
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %+v", boot, size, i))
	return hex.EncodeToString(sum[:16]), nil
}

// birth returns the time of creation of a file, 0 if it is unknown.
func birth(file *os.File) int64 {
	var stat unix.Statx_t
	err := unix.Statx(int(file.Fd()), "", unix.AT_EMPTY_PATH, unix.STATX_BTIME, &stat)
	if err != nil || stat.Mask&unix.STATX_BTIME == 0 {
		return 0
	}
	return stat.Btime.Sec*1e9 + int64(stat.Btime.Nsec)
}

// becomes reports whether a file that was examined later can be the same. It cannot if its
// last modification is earlier: it is a copy with the time of its original, or the clock was
// set back.
func (i identity) becomes(later identity) bool {
	return i.Device == later.Device && i.Inode == later.Inode && i.Born == later.Born && i.Modified <= later.Modified
}

// BootID returns an identifier of the time since the last boot. The error is that of the
// file that the kernel names it in. See proc_sys_kernel(5).
func BootID() (string, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text)), err
}
