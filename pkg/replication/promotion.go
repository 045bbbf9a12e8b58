package replication

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// promotion is the note, kept in a file, that this node is promoted. It is
// written before the first server is made active and removed after the last
// one is read-only: a server that is active without it turned so by itself.
type promotion struct {
	path string
}

func (p promotion) held() bool {
	_, err := os.Stat(p.path)
	return err == nil
}

func (p promotion) take() error {
	if err := os.WriteFile(p.path, nil, 0o644); err != nil {
		return fmt.Errorf("cannot note the promotion: %w", err)
	}
	return nil
}

func (p promotion) drop() error {
	if err := os.Remove(p.path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot drop the note of the promotion: %w", err)
	}
	return nil
}
