package snapshot_test

import (
	"bytes"
	"errors"
	"os"
	"syscall"
	"testing"
)

// hollow gives a file holes: between two words, and at its end. It returns the content.
func hollow(t *testing.T, path string, size int) []byte {
	t.Helper()
	content := make([]byte, size)
	copy(content, "first")
	copy(content[size/2:], "second")
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, first := file.WriteAt([]byte("first"), 0)
	_, second := file.WriteAt([]byte("second"), int64(size/2))
	if err := errors.Join(first, second, file.Truncate(int64(size)), file.Close()); err != nil {
		t.Fatal(err)
	}
	return content
}

func TestHolesOfAFileTakeNoSpaceInItsSnapshot(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	const size = 8 << 20
	content := hollow(t, p.file, size)
	info := p.take("NB", "ahead")
	if copied, err := os.ReadFile(p.Path(info.Name)); err != nil || !bytes.Equal(copied, content) {
		t.Errorf("%d bytes are copied, and they are others (%v)", len(copied), err)
	}
	var found syscall.Stat_t
	if err := syscall.Stat(p.Path(info.Name), &found); err != nil || found.Blocks*512 > size/8 {
		t.Errorf("the copy takes %d bytes (%v)", found.Blocks*512, err)
	}
	if again, existed := p.takeOrFind("NB", "ahead"); !existed || again.Name != info.Name {
		t.Errorf("the same content is kept twice: %v", again)
	}
}

func TestCopyOfAFileWithHolesGoesOnWhereAnEarlierOneEnded(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "")
	content := hollow(t, p.file, 40<<20)
	info := untilTaken(t, p, func(int) {})
	if copied, err := os.ReadFile(p.Path(info.Name)); err != nil || !bytes.Equal(copied, content) {
		t.Errorf("%d bytes are copied, and they are others (%v)", len(copied), err)
	}
}
