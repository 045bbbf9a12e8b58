package supervisor

import (
	"context"
	"time"
)

const (
	freezeInterval = 250 * time.Millisecond
	// minFreeze is how long this process must have stood still for its node to be taken for
	// frozen. Corosync takes longer to miss a node and to form a membership without it.
	minFreeze    = 3 * time.Second
	closeTimeout = 2 * time.Second
)

// freezeTimer decides from the times of its ticks whether this process stood still between
// two of them.
type freezeTimer struct {
	tickedAt time.Time
}

// tick returns how long ago the last tick was, zero for the first, and whether that is a freeze.
func (f *freezeTimer) tick(now time.Time) (frozenFor time.Duration, frozen bool) {
	if !f.tickedAt.IsZero() {
		frozenFor = now.Sub(f.tickedAt)
	}
	f.tickedAt = now
	return frozenFor, frozenFor >= minFreeze
}

// freezeDetector notices that this process, and so its node, has stood still: another node
// may have been promoted. It dismisses the clients before anything else; they find the active
// node by the virtual address.
type freezeDetector struct {
	promoted       func() bool
	closeListeners func(context.Context) error
	frozen         chan<- time.Duration
}

// run sends how long each freeze of a promoted node took, until ctx ends.
func (d freezeDetector) run(ctx context.Context) {
	ticker := time.NewTicker(freezeInterval)
	defer ticker.Stop()
	var timer freezeTimer
	timer.tick(time.Now())
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if frozenFor, frozen := timer.tick(time.Now()); frozen && d.promoted() {
			d.dismiss(ctx, frozenFor)
		}
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
