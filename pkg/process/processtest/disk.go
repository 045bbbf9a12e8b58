package processtest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Mount mounts a file system on a directory until the test ends, or skips the test where that is not
// permitted. Options are those of mount(8).
func Mount(t *testing.T, source, directory, kind, options string) {
	t.Helper()
	if err := unix.Mount(source, directory, kind, 0, options); err != nil {
		SkipWithoutRight(t, "cannot mount a %s: %v", kind, err)
	}
	t.Cleanup(func() { _ = unix.Unmount(directory, unix.MNT_DETACH) })
}

// FillDisk writes to a file in a directory until there is no room, and returns its path.
func FillDisk(t *testing.T, directory string) (filler string) {
	t.Helper()
	file, err := os.Create(filepath.Join(directory, "filler"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = file.Write(make([]byte, 4096))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return file.Name()
}
