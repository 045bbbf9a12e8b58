package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"ovndb-servers/pkg/replication"
)

// maxOwnTerm bounds the state file of the own term, in bytes.
const maxOwnTerm = 64 << 10

// OwnTerm returns the term that this node leads by its own state; nil if it leads none. A state
// that cannot be read is an error: whether the node may be writable is then not known.
func (c *Controller) OwnTerm() (*replication.OwnTerm, error) {
	if c.ownTerms != nil {
		return c.ownTerms.get()
	}
	return c.readOwnTerm()
}

func (c *Controller) readOwnTerm() (*replication.OwnTerm, error) {
	text, err := readBounded(c.lastingFile(stateTerm), maxOwnTerm)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // leading no term is no error
	}
	var own replication.OwnTerm
	if err == nil {
		err = json.Unmarshal(text, &own)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the term that this node leads: %w", err)
	}
	return &own, nil
}

// Promoted reports whether this node was promoted and not demoted since: whether it leads a term
// by its own state. One that cannot be read counts as leading.
func (c *Controller) Promoted() bool {
	own, err := c.OwnTerm()
	return err != nil || own != nil
}

// saveOwnTerm writes the term that this node leads to disk.
func (c *Controller) saveOwnTerm(own replication.OwnTerm) error {
	text, err := json.Marshal(own)
	if err == nil {
		err = c.noteBegun(own.Record)
	}
	if err != nil {
		return fmt.Errorf("cannot keep the term of this node: %w", err)
	}
	if err := writeDurably(c.lastingFile(stateTerm), text); err != nil {
		return fmt.Errorf("cannot keep the term of this node: %w", err)
	}
	return nil
}

// dropOwnTerm forgets the term that this node led.
func (c *Controller) dropOwnTerm() error {
	err := os.Remove(c.lastingFile(stateTerm))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot drop the term of this node: %w", err)
	}
	return syncDirectory(c.StateDir)
}
