package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFilesOfAnyLengthAreCopiedWhole(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2*chunk + 7} {
		target := filepath.Join(t.TempDir(), "target")
		content := bytes.Repeat([]byte("0123456789"), length/10+1)[:length]
		if err := copyTo(t.Context(), bytes.NewReader(content), target); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(target); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: the copy differs, %v", length, err)
		}
		if err := copyTo(t.Context(), bytes.NewReader(content), target); !errors.Is(err, os.ErrExist) {
			t.Errorf("%d bytes: overwrote a file: %v", length, err)
		}
	}
}

func TestCopyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	target := filepath.Join(t.TempDir(), "target")
	if err := copyTo(ctx, bytes.NewReader(make([]byte, 3*chunk)), target); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
