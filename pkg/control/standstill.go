package control

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// errStoodStill is returned by a promotion whose process stood still before it swapped the record: another
// node may lead by now. This node's own copy of the CIB may have the earlier record for some seconds after
// it has come back, in which a swap would succeed.
var errStoodStill = errors.New("this node stood still while it was promoted, so that another one may have been promoted meanwhile")

const (
	standstillTick = 100 * time.Millisecond
	// standstillLimit is less than a membership without a node takes that stands still, by Corosync's defaults.
	standstillLimit = 2 * time.Second
)

// standstill notices that this process stands still, by a goroutine that should tick all the while. A wait
// for a server or a disk is none. Times are those since the boot, which count while the machine is suspended.
type standstill struct {
	mu            sync.Mutex
	last, longest time.Duration
}

// watchStandstill watches until ctx ends.
func watchStandstill(ctx context.Context) *standstill {
	s := &standstill{last: sinceBoot()}
	go func() {
		ticker := time.NewTicker(standstillTick)
		defer ticker.Stop()
		for ctx.Err() == nil {
			select {
			case <-ctx.Done():
			case <-ticker.C:
				s.tick(sinceBoot())
			}
		}
	}()
	return s
}

func (s *standstill) tick(now time.Duration) (longest time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.longest, s.last = max(s.longest, now-s.last), now
	return s.longest
}

// err is errStoodStill if the process has stood still since the watch began.
func (s *standstill) err() error {
	if longest := s.tick(sinceBoot()); longest >= standstillLimit {
		return fmt.Errorf("%w, for %.1f s", errStoodStill, longest.Seconds())
	}
	return nil
}

func sinceBoot() time.Duration {
	var now unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_BOOTTIME, &now) // it fails for a clock that does not exist
	return time.Duration(now.Nano())
}
