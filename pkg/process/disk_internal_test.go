package process

import (
	"os"
	"testing"
)

// Overlay and network file systems may have no files without a name.
func TestFileOnAFileSystemWithoutUnnamedFilesHasItsNameRemovedAtOnce(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	for range 2 {
		file, err := openRemoved(directory)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.Write([]byte("probe")); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
			t.Errorf("left there: %v (%v)", left, err)
		}
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}
}
