package control

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/atomicfile"
)

// A note is a file by which one action signals a later one on this node, by its presence or its
// content.
type note struct {
	path string
	// lasting says that it has to outlive a reboot: it is on disk when it has been written.
	lasting bool
}

// maxNote bounds the content of a note, in bytes.
const maxNote = 4 << 10

func (n note) held() bool {
	_, err := os.Lstat(n.path)
	return err == nil
}

// heldFor reports whether the note was written within the given time.
func (n note) heldFor(age time.Duration) bool {
	info, err := os.Lstat(n.path)
	return err == nil && time.Since(info.ModTime()).Abs() <= age
}

func (n note) take() error { return n.write("") }

func (n note) write(text string) error {
	directory := filepath.Dir(n.path)
	err := os.MkdirAll(directory, 0o700)
	switch {
	case err != nil:
	case n.lasting:
		err = writeDurably(n.path, []byte(text))
	default:
		err = replaceFile(n.path, []byte(text))
	}
	if err != nil {
		return fmt.Errorf("cannot leave a note: %w", err)
	}
	return nil
}

// leaveEmpty leaves a note without content, which needs no block of a full disk. One that is there stays.
func (n note) leaveEmpty() error {
	file, err := os.OpenFile(n.path, os.O_CREATE|os.O_WRONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return fmt.Errorf("cannot leave an empty note: %w", err)
	}
	return nil
}

// read returns the note's content, empty if there is none.
func (n note) read() string {
	text, err := readBounded(n.path, maxNote)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (n note) drop() error {
	err := os.Remove(n.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil && n.lasting {
		err = syncDirectory(filepath.Dir(n.path))
	}
	if err != nil {
		return fmt.Errorf("cannot drop a note: %w", err)
	}
	return nil
}

// writeDurably replaces a file; it is on disk then.
func writeDurably(path string, content []byte) error {
	return writeWith(atomicfile.Write, path, content)
}

// replaceFile replaces a file that need not outlive a crash of the machine.
func replaceFile(path string, content []byte) error {
	return writeWith(atomicfile.WriteUnsynced, path, content)
}

func writeWith(write func(*os.Root, string, []byte, fs.FileMode) error, path string, content []byte) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing is written through it any more
	return write(root, filepath.Base(path), content, 0o600)
}

// syncDirectory returns when the names in a directory are on disk; one that is not there has
// none.
func syncDirectory(path string) error {
	root, err := os.OpenRoot(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // nothing was written through it
	return atomicfile.SyncDirectory(root, ".")
}

// readBounded reads a file of the node's state, a regular one of at most limit bytes. It follows no
// link and does not wait for the other end of a FIFO: a probe and stop read before anything has checked
// that the directory is root's alone.
func readBounded(path string, limit int64) ([]byte, error) {
	return readRegular(path, unix.O_NOFOLLOW, limit)
}

func readRegular(path string, flags int, limit int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|flags, 0) //nolint:gosec // the agent's own file, or of OVN's package
	if errors.Is(err, unix.ELOOP) {
		return nil, fmt.Errorf("%s: %w: it is a link", path, errNotRegular)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // nothing was written
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w (see: ls -l %s)", path, errNotRegular, path)
	}
	text, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("%s has more than %d bytes", path, limit)
	}
	return text, err
}

var errNotRegular = errors.New("no regular file")
