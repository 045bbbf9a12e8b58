package supervisor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// The bounds of restarting in place. Beyond them the cluster decides.
const (
	// restartGrace is how long a restart may take: a server reads its whole file before
	// it answers, and another node has done so already.
	restartTimeout = 6 * time.Second
	// restartsMost is how often a server is restarted within restartWindow.
	maxRestarts  = 5
	restartWindow = time.Minute
)

// guard waits for the death of one server and restarts it.
type restarter struct {
	controller *control.Controller
	log        logrus.FieldLogger
	unit       control.Unit
	// seen is the marker of the server's data that was seen last.
	seen atomic.Pointer[replication.Marker]

	mu       sync.Mutex
	restarts []time.Time
	// fault is what the guard has to report; beyond says that it restarts nothing more.
	fault  string
	gaveUp bool
}

// run guards until ctx ends.
func (g *restarter) run(ctx context.Context) {
	for ctx.Err() == nil {
		server, err := g.unit.Pidfile().Open()
		switch {
		case err == nil:
			if err := server.Wait(ctx); err != nil {
				pause(ctx, observeInterval) // ctx has ended, or the kernel does not tell
			}
			server.Close()
		case errors.Is(err, process.ErrNotRunning) && !g.hasGivenUp():
			g.restart(ctx)
		default:
			pause(ctx, observeInterval)
		}
	}
}

// revive restarts a dead server, or gives up.
func (g *restarter) restart(ctx context.Context) {
	if !g.mayRestart(time.Now()) {
		g.giveUp(fmt.Sprintf("the %s server died %d times within %s", g.unit.Name(), maxRestarts, restartWindow))
		return
	}
	g.report(fmt.Sprintf("the %s server died and is being restarted", g.unit.Name()))
	began := time.Now()
	trying, cancel := context.WithTimeout(ctx, restartTimeout)
	defer cancel()
	err := g.controller.Revive(trying, g.unit.Name(), g.seen.Load())
	if errors.Is(err, control.ErrTermOver) {
		g.log.WithError(err).Warn("the server had died and is read-only now")
		g.report("")
		return
	}
	if err != nil && trying.Err() == nil {
		g.log.WithError(err).Warn("cannot restart the server, trying once more")
		err = g.controller.Revive(trying, g.unit.Name(), g.seen.Load())
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		g.giveUp(fmt.Sprintf("the %s server died and cannot be restarted in place: %v", g.unit.Name(), err))
	default:
		g.report("")
		g.log.WithField("elapsed", time.Since(began).Round(time.Millisecond)).Warn("the server had died and was restarted in place")
	}
}

// mayRestart counts a restart, unless there were too many lately.
func (g *restarter) mayRestart(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	recent := g.restarts[:0]
	for _, at := range g.restarts {
		if now.Sub(at) < restartWindow {
			recent = append(recent, at)
		}
	}
	g.restarts = recent
	if len(recent) >= maxRestarts {
		return false
	}
	g.restarts = append(g.restarts, now)
	return true
}

func (g *restarter) report(fault string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault = fault
}

func (g *restarter) giveUp(why string) {
	g.log.Error(why + ": leaving it to the cluster")
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fault, g.gaveUp = why, true
}

func (g *restarter) hasGivenUp() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.gaveUp
}

// atWork reports whether the guard of a database is restarting its server.
func (g *restarter) restarting(database string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.unit.Name() == database && g.fault != "" && !g.gaveUp
}

// faults returns what guards have to report, and whether one has given up.
func faults(guards []*restarter) (reasons []string, beyond bool) {
	for _, g := range guards {
		g.mu.Lock()
		if g.fault != "" {
			reasons = append(reasons, g.fault)
		}
		beyond = beyond || g.gaveUp
		g.mu.Unlock()
	}
	return reasons, beyond
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
