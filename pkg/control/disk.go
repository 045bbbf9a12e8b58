package control

import (
	"context"
	"time"

	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
)

// diskTimeout bounds a probe of the disk before this node stands for promotion. A disk that takes
// longer is slow, as far as is known.
const diskTimeout = 2 * time.Second

// diskFailure returns why the databases cannot be written to disk; nil if they can. A probe that
// does not return is left behind.
func (c *Controller) diskFailure(ctx context.Context) error {
	ctx, cancel := withBudget(ctx, answerFraction, diskTimeout)
	defer cancel()
	_, err := parallel.Until(ctx, func() error { return process.ProbeDisk(c.Layout.DatabaseDir, c.Owner) })
	return err
}
