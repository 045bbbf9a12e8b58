package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// restarter waits for the death of one server and restarts it.
type restarter struct {
	controller *control.Controller
	log        logrus.FieldLogger
	unit       control.Unit
	// lastMarker is the marker in the server's database as it was last observed.
	lastMarker atomic.Pointer[replication.Marker]
	// earlier is the last beat that the supervisor before this one has seen, and saved.
	earlier control.LastBeat
	// mayOpen reports whether listeners may be opened.
	mayOpen func() bool

	mu     sync.Mutex
	limit  restartLimit
	reason string // reported to the monitors; empty if all is well

	// restarts counts the restarts in place that have succeeded.
	restarts atomic.Int64

	// failovers are those whose end is awaited.
	failovers sync.WaitGroup
}

// seen returns the marker that was seen last; of one that an earlier supervisor has seen, the term and the
// beat. It is nil if none was.
func (r *restarter) seen() *replication.Marker {
	if last := r.lastMarker.Load(); last != nil || r.earlier.TermID == "" {
		return last
	}
	return &replication.Marker{TermID: r.earlier.TermID, Beat: r.earlier.Beat}
}

// run restarts the server whenever it dies, until ctx ends.
func (r *restarter) run(ctx context.Context) {
	defer r.failovers.Wait()
	for ctx.Err() == nil {
		server, err := r.unit.Open()
		switch {
		case err == nil:
			if err := server.Wait(ctx); err != nil {
				pause(ctx, observeInterval) // ctx has ended, or the kernel has no pidfds
			}
			server.Close()
		case errors.Is(err, process.ErrNotRunning) && !r.hasGivenUp():
			r.restart(ctx)
		default:
			pause(ctx, observeInterval)
		}
	}
}

// restart restarts a dead server, or gives up. If a failover is quicker, the server is restarted as
// a backup after it.
func (r *restarter) restart(ctx context.Context) {
	if !r.allow(time.Now()) {
		r.giveUp(fmt.Sprintf("the %s server died %d times within %s", r.unit.Name(), maxRestarts, restartWindow))
		return
	}
	r.reportRestart()
	// An action may take longer than a restart may, as a change of the record while the cluster elects.
	if err := r.controller.AwaitAction(ctx); err != nil {
		r.log.WithError(err).Debug("cannot wait for another action: the restart fails as well, or the supervisor ends")
	}
	chosen := r.choose(ctx)
	r.log.WithFields(chosen.fields()).Warn("the server has died: " + chosen.way())
	if chosen.successor != "" {
		r.failOver(ctx, chosen)
		r.reportRestart()
	}
	began := time.Now()
	trying, cancel := context.WithTimeout(ctx, chosen.timeout(r.controller.Promoted()))
	defer cancel()
	err := r.controller.Revive(trying, r.unit.Name(), r.seen(), r.mayOpen)
	if errors.Is(err, control.ErrTermOver) {
		r.log.WithError(err).Warn("the server had died and is read-only now")
		r.report("")
		return
	}
	if err != nil && trying.Err() == nil {
		r.log.WithError(err).Warn("cannot restart the server, trying once more")
		err = r.controller.Revive(trying, r.unit.Name(), r.seen(), r.mayOpen)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		r.giveUp(fmt.Sprintf("the %s server died and cannot be restarted in place: %v", r.unit.Name(), err))
	default:
		r.report("")
		r.restarts.Add(1)
		r.log.WithField("predicted", rounded(chosen.restart.Read)).WithField("elapsed", rounded(time.Since(began))).
			Warn("the server had died and was restarted in place")
	}
}

func (r *restarter) allow(now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limit.allow(now)
}

func (r *restarter) reportRestart() {
	r.report(fmt.Sprintf("the %s server died and is being restarted", r.unit.Name()))
}

func (r *restarter) report(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reason = reason
}

func (r *restarter) giveUp(reason string) {
	r.log.WithField("reason", reason).Error("gave up restarting the server: recovery is left to the cluster")
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reason, r.limit.gaveUp = reason, true
}

func (r *restarter) hasGivenUp() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.limit.gaveUp
}

// restarting reports whether the restarter is restarting the server of a database.
func (r *restarter) restarting(database string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.unit.Name() == database && r.reason != "" && !r.limit.gaveUp
}

// restarting reports whether a server is being restarted in place.
func restarting(restarters []*restarter) bool {
	return slices.ContainsFunc(restarters, func(r *restarter) bool { return r.restarting(r.unit.Name()) })
}

// restartReasons returns the reasons that restarters report to the monitors, and whether one
// of them has given up.
func restartReasons(restarters []*restarter) (reasons []string, gaveUp bool) {
	for _, r := range restarters {
		r.mu.Lock()
		if r.reason != "" {
			reasons = append(reasons, r.reason)
		}
		gaveUp = gaveUp || r.limit.gaveUp
		r.mu.Unlock()
	}
	return reasons, gaveUp
}

// pause waits, or returns when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
