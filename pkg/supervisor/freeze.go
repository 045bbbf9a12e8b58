package supervisor

import (
	"cmp"
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/process"
)

const (
	freezeInterval = 250 * time.Millisecond
	// defaultFreeze is how long this process must have stood still for its node to be taken for
	// frozen, unless Corosync is faster to miss a node and to form a membership without it.
	defaultFreeze = 3 * time.Second
	closeTimeout  = 2 * time.Second
)

// freezeDetector notices that this process, and so its node, has stood still: another node
// may have been promoted. It dismisses the clients before anything else; they find the active
// node by the virtual address.
type freezeDetector struct {
	log            logrus.FieldLogger
	limit          time.Duration
	promoted       func() bool
	closeListeners func(context.Context) error
	// poll asks the cluster whether the node still leads.
	poll   func()
	frozen chan<- time.Duration
}

// freezeLimit returns how long a node stands still at least that is taken for frozen, where a
// membership without it takes as long; 0 if that is not known.
func freezeLimit(membership time.Duration) time.Duration {
	return min(cmp.Or(membership, defaultFreeze), defaultFreeze)
}

// run sends how long each freeze of a promoted node took, until ctx ends.
func (d freezeDetector) run(ctx context.Context) {
	process.WatchStandstills(ctx, freezeInterval, d.limit, func(elapsed time.Duration, happened process.Standstill) {
		d.react(ctx, elapsed, happened)
	})
}

func (d freezeDetector) react(ctx context.Context, elapsed time.Duration, happened process.Standstill) {
	switch {
	case happened == process.StandstillNone || !d.promoted():
	case happened == process.StandstillStarved:
		d.log.WithField("waited", elapsed.Round(time.Millisecond)).
			Warn("this node has no CPU time for its supervisor: its clients stay, as it was not frozen")
		d.poll()
	default:
		d.dismiss(ctx, elapsed)
	}
}

func (d freezeDetector) dismiss(ctx context.Context, frozenFor time.Duration) {
	closing, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	// If it fails, the clients stay until the record says that the term is over.
	_ = d.closeListeners(closing)
	select {
	case <-ctx.Done():
	case d.frozen <- frozenFor:
	}
}
