package atomicfile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"ovndb-servers/pkg/atomicfile"
	"ovndb-servers/pkg/process/processtest"
)

func newRoot(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return root
}

func put(t *testing.T, root *os.Root, name, content string) {
	t.Helper()
	if err := atomicfile.Write(root, name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// writing is one of the functions that replace a file.
type writing func(root *os.Root, name string, content []byte, mode fs.FileMode) error

// forEachWriting calls test for the durable and for the unsynced function.
func forEachWriting(t *testing.T, test func(*testing.T, writing)) {
	t.Helper()
	for name, w := range map[string]writing{"Write": atomicfile.Write, "WriteUnsynced": atomicfile.WriteUnsynced} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, w)
		})
	}
}

// wantFiles fails the test unless the root holds exactly these files, "NAME=CONTENT".
func wantFiles(t *testing.T, root *os.Root, want ...string) {
	t.Helper()
	var got []string
	err := fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := root.ReadFile(path)
		got = append(got, path+"="+string(content))
		return err
	})
	if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("files are %q (%v), want %q", got, err, want)
	}
}

func TestWriteOverAFileReplacesContentAndMode(t *testing.T) {
	t.Parallel()
	forEachWriting(t, func(t *testing.T, write writing) {
		t.Helper()
		root := newRoot(t)
		if err := root.Mkdir("below", 0o700); err != nil {
			t.Fatal(err)
		}
		for _, mode := range []fs.FileMode{0o600, 0o666} { // the usual umask would make 0644 of the second
			for _, name := range []string{"a", "below/b"} {
				if err := write(root, name, []byte(mode.String()), mode); err != nil {
					t.Fatal(err)
				}
				if info, err := root.Lstat(name); err != nil || info.Mode() != mode {
					t.Errorf("%s: mode is %v (%v), want %v", name, info, err, mode)
				}
			}
		}
		wantFiles(t, root, "a=-rw-rw-rw-", "below/b=-rw-rw-rw-")
	})
}

func TestWriteWhereADirectoryHasTheNameLeavesNothing(t *testing.T) {
	t.Parallel()
	forEachWriting(t, func(t *testing.T, write writing) {
		t.Helper()
		root := newRoot(t)
		if err := root.Mkdir("a", 0o700); err != nil {
			t.Fatal(err)
		}
		if err := write(root, "a", []byte("x"), 0o600); err == nil {
			t.Error("a directory was replaced")
		}
		wantFiles(t, root)
	})
}

func TestWriteReplacesALinkAndNeverWritesThroughOne(t *testing.T) {
	t.Parallel()
	forEachWriting(t, func(t *testing.T, write writing) {
		t.Helper()
		root, outside := newRoot(t), t.TempDir()
		target := filepath.Join(outside, "target")
		if err := os.WriteFile(target, []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
		for name, to := range map[string]string{"link": target, "directory": outside} {
			if err := root.Symlink(to, name); err != nil {
				t.Fatal(err)
			}
		}
		if err := write(root, "link", []byte("new"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := write(root, "directory/target", []byte("new"), 0o600); err == nil {
			t.Error("written outside of the root")
		}
		if content, err := os.ReadFile(target); err != nil || string(content) != "kept" {
			t.Errorf("the file outside is %q, %v", content, err)
		}
		wantFiles(t, root, "link=new")
	})
}

func TestWritersOfOneNameAtOnceLeaveOneWholeFile(t *testing.T) {
	t.Parallel()
	forEachWriting(t, func(t *testing.T, write writing) {
		t.Helper()
		root := newRoot(t)
		var writers sync.WaitGroup
		for number := range 8 {
			writers.Go(func() {
				content := strings.Repeat(fmt.Sprint(number), 1<<16)
				if err := write(root, "a", []byte(content), 0o600); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		content, err := root.ReadFile("a")
		if err != nil || string(content) != strings.Repeat(string(content[:1]), 1<<16) {
			t.Errorf("%d bytes, %v", len(content), err)
		}
		wantFiles(t, root, "a="+string(content))
	})
}

func TestRenameIntoADirectoryMovesTheFile(t *testing.T) {
	t.Parallel()
	root := newRoot(t)
	if err := root.Mkdir("below", 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, root, "below/a", "x")
	if err := atomicfile.Rename(root, "below/a", "b"); err != nil {
		t.Fatal(err)
	}
	wantFiles(t, root, "b=x")
	if err := atomicfile.Rename(root, "missing", "c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v, want that there is no such file", err)
	}
}

func TestWriteOnAFullFileSystemSaysSoAndLeavesTheEarlierFile(t *testing.T) {
	t.Parallel()
	forEachWriting(t, func(t *testing.T, write writing) {
		t.Helper()
		directory := t.TempDir()
		if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, "size=64k"); err != nil {
			processtest.SkipWithoutRight(t, "cannot mount a file system of 64 KiB: %v", err)
		}
		// A child that another test is starting may have a file open here for a moment.
		t.Cleanup(func() { _ = syscall.Unmount(directory, syscall.MNT_DETACH) })
		root, err := os.OpenRoot(directory)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close() //nolint:errcheck // only a directory
		put(t, root, "a", "earlier")
		if err := write(root, "a", make([]byte, 1<<20), 0o600); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("error is %v, want ENOSPC", err)
		}
		wantFiles(t, root, "a=earlier")
	})
}

func TestSyncDirectoryReportsThatADirectoryCannotBeSynced(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot("/proc") // its files lie on no disk: fsync(2) refuses them
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close() //nolint:errcheck // only a directory
	if err := atomicfile.SyncDirectory(root, "."); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("error is %v, want EINVAL", err)
	}
}
