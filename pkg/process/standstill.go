package process

import (
	"context"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Standstill is the kind of pause between two ticks.
type Standstill int

const (
	// StandstillNone is a tick in time, or a little late.
	StandstillNone Standstill = iota
	// StandstillFrozen means that this process stood still, or its machine was suspended: another
	// node may have been promoted.
	StandstillFrozen
	// StandstillStarved means that this process waited for a CPU. Corosync, which has a priority
	// of its own, went on.
	StandstillStarved
)

// standstillTimer decides from the times of its ticks whether this process stood still between
// two of them.
type standstillTimer struct {
	// limit is how long a node stands still at least that is taken for frozen.
	limit  time.Duration
	ticked bool
	last   standstillSample
}

// tick returns how long ago the last tick was, zero for the first, and the kind of pause since.
func (f *standstillTimer) tick(sample standstillSample) (elapsed time.Duration, happened Standstill) {
	last, ticked := f.last, f.ticked
	f.last, f.ticked = sample, true
	if !ticked {
		return 0, StandstillNone
	}
	elapsed = sample.at - last.at
	switch waited := sample.waited - last.waited; {
	case elapsed < f.limit:
		return elapsed, StandstillNone
	case waited > elapsed/2:
		return elapsed, StandstillStarved
	default:
		return elapsed, StandstillFrozen
	}
}

// WatchStandstills ticks until ctx ends, and calls react after each tick with the time since the one before and
// the kind of pause that it was. A standstill is at least as long as limit.
func WatchStandstills(ctx context.Context, interval, limit time.Duration, react func(time.Duration, Standstill)) {
	// The waits for a CPU are counted for each thread: this one sleeps by itself, so that no
	// other has to wake it up.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	clock := openStandstillClock()
	defer clock.close()
	timer := standstillTimer{limit: limit}
	timer.tick(clock.sample())
	for ctx.Err() == nil {
		pause := unix.NsecToTimespec(int64(interval))
		_ = unix.Nanosleep(&pause, nil) // a signal of Go's runtime makes the tick come early
		react(timer.tick(clock.sample()))
	}
}
