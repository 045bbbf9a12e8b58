package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// note is a file that one action leaves for another of the same node: that it is
// there says something, or the word in it.
type note struct {
	path string
}

func (n note) held() bool {
	_, err := os.Stat(n.path)
	return err == nil
}

// recentNote is for how long a note speaks of what is going on: whatever follows on an
// action comes within that.
const recentNote = 10 * time.Second

// heldLately reports whether the note was left within that time.
func (n note) heldLately() bool {
	info, err := os.Stat(n.path)
	return err == nil && time.Since(info.ModTime()).Abs() <= recentNote
}

func (n note) take() error { return n.write("") }

func (n note) write(text string) error {
	err := os.WriteFile(n.path, []byte(text), 0o644)
	if errors.Is(err, fs.ErrNotExist) { // the node was restarted, and nothing was started since
		err = errors.Join(os.MkdirAll(filepath.Dir(n.path), 0o755), os.WriteFile(n.path, []byte(text), 0o644))
	}
	if err != nil {
		return fmt.Errorf("cannot leave a note: %w", err)
	}
	return nil
}

// read returns the word in the note, empty if there is none.
func (n note) read() string {
	text, err := os.ReadFile(n.path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

func (n note) drop() error {
	if err := os.Remove(n.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot drop a note: %w", err)
	}
	return nil
}
