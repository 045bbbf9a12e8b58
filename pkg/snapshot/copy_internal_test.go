package snapshot

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestTheFileThatWasOpenedIsCopiedWhateverHasItsNameNow(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	write := func(content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("database")
	from, err := openSource(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	write("a secret, longer than the database")
	var copied bytes.Buffer
	if err := from.copyTo(t.Context(), &copied, 0); err != nil || copied.String() != "database" {
		t.Errorf("copied is %q, %v", copied.String(), err)
	}
}

func TestRecordsThatComeWhileAFileIsCopiedAreLeftOut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, []byte("database"), 0o600); err != nil {
		t.Fatal(err)
	}
	from, err := openSource(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	if err := os.WriteFile(path, []byte("database, and more"), 0o600); err != nil { // the same file
		t.Fatal(err)
	}
	var copied bytes.Buffer
	if err := from.copyTo(t.Context(), &copied, 0); err != nil || copied.String() != "database" {
		t.Errorf("copied is %q, %v", copied.String(), err)
	}
	if err := os.Truncate(path, 3); err != nil {
		t.Fatal(err)
	}
	if err := from.copyTo(t.Context(), &copied, 0); err == nil {
		t.Error("a file that has become shorter is copied")
	}
}

// cancelling ends its context at the first write.
type cancelling struct {
	cancel  context.CancelFunc
	written int
}

func (c *cancelling) Write(piece []byte) (int, error) {
	c.cancel()
	c.written += len(piece)
	return len(piece), nil
}

func TestACopyEndsWithItsContextInTheMiddleOfAFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "db")
	if err := os.WriteFile(path, make([]byte, 2*copyPiece), 0o600); err != nil {
		t.Fatal(err)
	}
	from, err := openSource(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	to := cancelling{cancel: cancel}
	if err := from.copyTo(ctx, &to, 0); !errors.Is(err, context.Canceled) || to.written != copyPiece {
		t.Errorf("%d bytes are copied, %v", to.written, err)
	}
}
