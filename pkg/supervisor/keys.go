package supervisor

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

const (
	// keyStampInterval is between two looks at the times of the files for TLS.
	keyStampInterval = 5 * time.Second
	// keyCheckInterval is between two checks of files that do not change: certificates expire.
	keyCheckInterval = time.Hour
	// keyFaultInterval is the same while something is wrong with them or the server's use of them.
	keyFaultInterval = time.Minute
	// keyCheckTimeout bounds one check.
	keyCheckTimeout = 10 * time.Second
)

// keySchedule decides when the files for TLS are checked.
type keySchedule struct {
	stamp     string
	checkedAt time.Time
	faulty    bool
}

// due reports whether to check now, and then takes it for done: files have changed, or time has passed.
func (s *keySchedule) due(now time.Time, stamp string) bool {
	interval := keyCheckInterval
	if s.faulty {
		interval = keyFaultInterval
	}
	if stamp == s.stamp && !s.checkedAt.IsZero() && now.Sub(s.checkedAt) < interval {
		return false
	}
	s.stamp, s.checkedAt = stamp, now
	return true
}

// keyNode is the part of a control.Controller that a keyWatcher calls.
type keyNode interface {
	KeyStamp() string
	KeyFaults(ctx context.Context, now time.Time) []string
}

// keyWatcher checks the servers' files for TLS while the loop goes on observing: they may be on a file
// system that hangs.
type keyWatcher struct {
	node     keyNode
	log      logrus.FieldLogger
	schedule keySchedule

	mu    sync.Mutex
	found []string
}

// run checks until ctx ends.
func (w *keyWatcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		w.look(ctx, time.Now())
		pause(ctx, keyStampInterval)
	}
}

func (w *keyWatcher) look(ctx context.Context, now time.Time) {
	if !w.schedule.due(now, w.node.KeyStamp()) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, keyCheckTimeout)
	defer cancel()
	found := w.node.KeyFaults(ctx, now)
	w.schedule.faulty = len(found) > 0
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, reason := range found {
		if !slices.Contains(w.found, reason) {
			w.log.WithField("reason", reason).Warn("the servers' files for TLS need attention")
		}
	}
	w.found = found
}

// reasons returns the reasons for the monitors. There are none without a watcher.
func (w *keyWatcher) reasons() []string {
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.found
}
