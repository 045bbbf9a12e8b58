package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"ovndb-servers/pkg/ovsdbfile"
)

// forgetEarlierBoot removes the files in RunDir that were written before the last boot: in a
// container /run may be on a disk. Their ages would count the time for which the machine was off,
// and their facts about the cluster were over with the node's membership.
func (c *Controller) forgetEarlierBoot() error {
	boot, err := ovsdbfile.BootID()
	if err != nil {
		return fmt.Errorf("cannot learn when this machine was booted: %w", err)
	}
	current := c.bootNote()
	if current.read() == boot {
		return nil
	}
	entries, err := os.ReadDir(c.RunDir)
	if err != nil {
		return fmt.Errorf("cannot list the state of an earlier boot: %w", err)
	}
	var errs []error
	for _, e := range entries {
		// These are locked by whoever uses them, and say nothing by themselves.
		if slices.Contains([]string{stateLock, statePromotion, stateSupervisorPID}, e.Name()) || e.IsDir() {
			continue
		}
		if err := os.Remove(filepath.Join(c.RunDir, e.Name())); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("cannot remove the state of an earlier boot: %w", err)
	}
	return current.write(boot)
}

// bootNote is there from the first start after a boot on.
func (c *Controller) bootNote() note { return note{path: c.runFile(stateBoot)} }
