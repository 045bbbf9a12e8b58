package ovsdbfile_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/process/processtest"
)

// accountDirectory is a directory of another account.
func accountDirectory(t *testing.T) string {
	t.Helper()
	processtest.NeedRoot(t)
	directory, err := os.MkdirTemp("", "ovn") // t.TempDir is too long for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	if err := os.Chown(directory, 64999, 64998); err != nil {
		t.Fatal(err)
	}
	return directory
}

// fileOf makes a file of an account.
func fileOf(t *testing.T, path string, uid int) string {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte("content"), 0o600), os.Chown(path, uid, uid)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestInADirectoryOfAnAccountOnlyItsRegularFilesAreOpened(t *testing.T) {
	t.Parallel()
	directory := accountDirectory(t)
	in := func(name string) string { return filepath.Join(directory, name) }
	secret := fileOf(t, filepath.Join(t.TempDir(), "secret"), 0)
	fileOf(t, in("own"), 64999)
	err := errors.Join(
		os.Symlink(secret, in("link")), os.Symlink("own", in("link to own")), os.Link(secret, in("hard link")),
		syscall.Mkfifo(in("fifo"), 0o600), os.Chown(in("fifo"), 64999, 64998), os.Mkdir(in("directory"), 0o700),
	)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "unix", in("socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	if file, err := ovsdbfile.Open(in("own")); err != nil {
		t.Error(err)
	} else {
		_ = file.Close() // only read
	}
	for _, name := range []string{"link", "link to own", "hard link", "fifo", "directory", "socket"} {
		if file, err := ovsdbfile.Open(in(name)); !errors.Is(err, ovsdbfile.ErrRefused) {
			t.Errorf("%s: got %v, %v", name, file, err)
		}
	}
}

func TestLinkOfRootsLeadsToTheFileAndNotFurtherByALinkOfAnAccount(t *testing.T) {
	t.Parallel()
	directory := accountDirectory(t)
	own, link := t.TempDir(), filepath.Join(t.TempDir(), "link")
	secret := fileOf(t, filepath.Join(own, "secret"), 0)
	err := errors.Join(
		os.Chmod(own, 0o775), os.Symlink(secret, filepath.Join(own, "by the group")),
		os.Symlink(fileOf(t, filepath.Join(directory, "own"), 64999), link),
		os.Symlink(link, filepath.Join(filepath.Dir(link), "twice")),
		os.Symlink(secret, filepath.Join(directory, "link")),
		os.Symlink(filepath.Join(directory, "link"), filepath.Join(filepath.Dir(link), "led on")),
		os.Symlink("loop", filepath.Join(filepath.Dir(link), "loop")),
	)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{link, filepath.Join(filepath.Dir(link), "twice")} {
		if file, err := ovsdbfile.Open(path); err != nil {
			t.Error(err)
		} else {
			_ = file.Close() // only read
		}
	}
	for _, path := range []string{
		filepath.Join(filepath.Dir(link), "led on"), filepath.Join(filepath.Dir(link), "loop"), filepath.Join(own, "by the group"),
	} {
		if file, err := ovsdbfile.Open(path); !errors.Is(err, ovsdbfile.ErrRefused) {
			t.Errorf("%s: got %v, %v", path, file, err)
		}
	}
}
