package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestFilesOfAnyLengthAreCopiedWholeAndToldApart(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 1, chunk - 1, chunk, chunk + 1, 2*chunk + 7} {
		source := filepath.Join(t.TempDir(), "source")
		target := source + ".copy"
		content := bytes.Repeat([]byte("0123456789"), length/10+1)[:length]
		if err := os.WriteFile(source, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := copyFile(t.Context(), source, target); err != nil {
			t.Fatal(err)
		}
		if same, err := sameContent(t.Context(), source, target); err != nil || !same {
			t.Errorf("%d bytes: the copy differs, %v", length, err)
		}
		if err := copyFile(t.Context(), source, target); !errors.Is(err, os.ErrExist) {
			t.Errorf("%d bytes: overwrote a file: %v", length, err)
		}
		for _, other := range [][]byte{append(bytes.Clone(content), 'x'), flipped(content)} {
			if err := os.WriteFile(target, other, 0o600); err != nil {
				t.Fatal(err)
			}
			if same, err := sameContent(t.Context(), source, target); err != nil || same != bytes.Equal(content, other) {
				t.Errorf("%d bytes: same %t, %v", length, same, err)
			}
		}
	}
}

// flipped changes the last byte.
func flipped(content []byte) []byte {
	other := bytes.Clone(content)
	if len(other) > 0 {
		other[len(other)-1] ^= 1
	}
	return other
}

func TestCopyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(source, make([]byte, 3*chunk), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := copyFile(ctx, source, source+".copy"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := sameContent(ctx, source, source); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
