package process

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// A child between fork and exec has a copy of every open file.
func TestADatabaseLockGivenUpIsFreeThoughAChildHasTheOpenFile(t *testing.T) {
	t.Parallel()
	database := filepath.Join(t.TempDir(), "ovnnb_db.db")
	release, err := lockDatabase(database)
	if err != nil {
		t.Fatal(err)
	}
	copied, err := unix.Dup(descriptorOf(t, lockfile(database)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Close(copied) }()
	release()
	release, err = lockDatabase(database)
	if err != nil {
		t.Fatalf("the lock is still held: %v", err)
	}
	release()
}

func descriptorOf(t *testing.T, path string) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && target == path {
			descriptor, err := strconv.Atoi(e.Name())
			if err != nil {
				t.Fatal(err)
			}
			return descriptor
		}
	}
	t.Fatalf("%s is not open", path)
	return -1
}
