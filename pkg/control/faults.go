package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
)

// maxTargets is how many targets a reason names.
const maxTargets = 3

// Faults returns the faults of servers that run and answer as they should: the database file was
// removed or replaced, or, on a node that leads, clients have added Connection rows by which a
// server does other things than listen on a TCP port.
func (c *Controller) Faults(ctx context.Context, leads bool) []string {
	return slices.Concat(parallel.Map(c.Units, func(u Unit) []string {
		found := fileFault(u)
		if leads {
			found = append(found, c.connectionFaults(ctx, u)...)
		}
		return found
	})...)
}

func fileFault(u Unit) []string {
	if replaced := new(replacedFileError); errors.As(u.checkFile(), &replaced) {
		return []string{replaced.Error()}
	}
	return nil
}

func (c *Controller) connectionFaults(ctx context.Context, u Unit) []string {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	var others []string
	err := c.withStore(ctx, u, func(s *ovsdbctl.Store) (err error) {
		others, err = s.OtherTargets(ctx)
		return err
	})
	if err != nil || len(others) == 0 {
		return nil // that a server does not answer is reported elsewhere
	}
	var named []string
	for _, target := range others[:min(len(others), maxTargets)] {
		named = append(named, fmt.Sprintf("%.80q", target))
	}
	return []string{fmt.Sprintf("%d Connection rows of %s are no TCP port to listen on: %s; remove them with: %s del-connection",
		len(others), u.Name(), strings.Join(named, ", "), u.Server.Database.Tool)}
}
