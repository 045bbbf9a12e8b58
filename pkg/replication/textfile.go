package replication

import (
	"fmt"
	"os"
	"strings"
)

// textFile is a word that one action leaves for another of the same node.
type textFile struct {
	path string
}

func (f textFile) write(text string) error {
	if err := os.WriteFile(f.path, []byte(text), 0o644); err != nil {
		return fmt.Errorf("cannot leave a note: %w", err)
	}
	return nil
}

// read returns the text, empty if there is none.
func (f textFile) read() string {
	text, err := os.ReadFile(f.path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
