package supervisor

import (
	"cmp"
	"context"
	"runtime"
	"time"

	"github.com/sirupsen/logrus"
	"golang.org/x/sys/unix"
)

const (
	freezeInterval = 250 * time.Millisecond
	// defaultFreeze is how long this process must have stood still for its node to be taken for
	// frozen, unless Corosync is faster to miss a node and to form a membership without it.
	defaultFreeze = 3 * time.Second
	closeTimeout  = 2 * time.Second
)

// standstill is the kind of pause between two ticks.
type standstill int

const (
	// standstillNone is a tick in time, or a little late.
	standstillNone standstill = iota
	// standstillFrozen means that this process stood still, or its machine was suspended: another
	// node may have been promoted.
	standstillFrozen
	// standstillStarved means that this process waited for a CPU. Corosync, which has a priority
	// of its own, went on.
	standstillStarved
)

// freezeTimer decides from the times of its ticks whether this process stood still between
// two of them.
type freezeTimer struct {
	// limit is how long a node stands still at least that is taken for frozen.
	limit  time.Duration
	ticked bool
	last   freezeSample
}

// tick returns how long ago the last tick was, zero for the first, and the kind of pause since.
func (f *freezeTimer) tick(sample freezeSample) (elapsed time.Duration, happened standstill) {
	last, ticked := f.last, f.ticked
	f.last, f.ticked = sample, true
	if !ticked {
		return 0, standstillNone
	}
	elapsed = sample.at - last.at
	switch waited := sample.waited - last.waited; {
	case elapsed < f.limit:
		return elapsed, standstillNone
	case waited > elapsed/2:
		return elapsed, standstillStarved
	default:
		return elapsed, standstillFrozen
	}
}

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
	// The waits for a CPU are counted for each thread: this one sleeps by itself, so that no
	// other has to wake it up.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	clock := openFreezeClock()
	defer clock.close()
	timer := freezeTimer{limit: d.limit}
	timer.tick(clock.sample())
	for ctx.Err() == nil {
		interval := unix.NsecToTimespec(int64(freezeInterval))
		_ = unix.Nanosleep(&interval, nil) // a signal of Go's runtime makes the tick come early
		elapsed, happened := timer.tick(clock.sample())
		d.react(ctx, elapsed, happened)
	}
}

func (d freezeDetector) react(ctx context.Context, elapsed time.Duration, happened standstill) {
	switch {
	case happened == standstillNone || !d.promoted():
	case happened == standstillStarved:
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
