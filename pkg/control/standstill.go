package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"ovndb-servers/pkg/process"
)

// errStoodStill is returned by a promotion whose process stood still before it swapped the record, or opened the
// listeners: another node may lead by now. This node's own copy of the CIB may have the earlier record for some seconds after
// it has come back, in which a swap would succeed.
var errStoodStill = errors.New("this node stood still while it was promoted, so that another one may have been promoted meanwhile")

const (
	standstillTick = 100 * time.Millisecond
	// standstillLimit is less than a membership without a node takes that stands still, by Corosync's defaults.
	standstillLimit = 2 * time.Second
)

// standstill notices that this process stands still. A wait for a server, a disk or a CPU is none.
type standstill struct {
	mu sync.Mutex
	// last is when the last tick was, since the boot, and next is closed by the next one.
	last time.Duration
	next chan struct{}
	// frozen is the longest time for which the process stood still.
	frozen time.Duration
}

// watchStandstill watches until stop is called, or ctx ends.
func watchStandstill(ctx context.Context) (s *standstill, stop func()) {
	ctx, stop = context.WithCancel(ctx)
	s = newStandstill()
	go process.WatchStandstills(ctx, standstillTick, standstillLimit, s.tick)
	return s, stop
}

func newStandstill() *standstill {
	return &standstill{last: process.SinceBoot(), next: make(chan struct{})}
}

func (s *standstill) tick(elapsed time.Duration, happened process.Standstill) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if happened == process.StandstillFrozen {
		s.frozen = max(s.frozen, elapsed)
	}
	close(s.next)
	s.last, s.next = process.SinceBoot(), make(chan struct{})
}

func (s *standstill) state() (last time.Duration, next <-chan struct{}, frozen time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last, s.next, s.frozen
}

// check returns errStoodStill if the process has stood still since the watch began. If the last tick was long ago,
// the next one says why.
func (s *standstill) check(ctx context.Context) error {
	last, next, frozen := s.state()
	if process.SinceBoot()-last >= standstillLimit {
		select {
		case <-next:
			_, _, frozen = s.state()
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	if frozen > 0 {
		return fmt.Errorf("%w, for %.1f s", errStoodStill, frozen.Seconds())
	}
	return nil
}
