package supervisor

import (
	"context"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
)

// Supervisor watches over the servers of one resource on this node.
type Supervisor struct {
	Controller *control.Controller
	Log        logrus.FieldLogger
	// BeatInterval is how often an active node's beat is counted up.
	BeatInterval time.Duration
	// Changed receives when the cluster may have changed or an action has ended, Addresses
	// when an address of this node has come or gone. Either may be nil.
	Changed, Addresses <-chan struct{}
	// Recorded returns the cluster record in this node's copy of the CIB, which is written
	// before Changed receives; empty if there is none. It may be nil.
	Recorded func() (string, error)
}

// The intervals and timeouts of the supervisor. They are constants: no property of a site
// says how to set them.
const (
	// observeInterval is short enough to make a server that turns active by itself read-only
	// within a second.
	observeInterval = 500 * time.Millisecond
	// observeTimeout bounds one observation; a server that does not answer gets a part of it.
	observeTimeout = 2500 * time.Millisecond
	// actTimeout bounds the operations that follow an observation.
	actTimeout = 20 * time.Second
)

// Run supervises until ctx ends, and leaves the servers running.
func (s Supervisor) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	l := newLoop(s)
	for _, r := range l.restarters {
		running.Go(func() { r.run(ctx) })
	}
	freezes := freezeDetector{promoted: s.Controller.Promoted, closeListeners: s.Controller.CloseListeners, frozen: l.frozen}
	running.Go(func() { freezes.run(ctx) })
	running.Go(func() { l.poller.run(ctx) })
	running.Go(func() { reader{controller: s.Controller, log: s.Log}.run(ctx) })
	l.run(ctx, s.Changed, s.Addresses)
}

func newLoop(s Supervisor) *loop {
	l := &loop{
		node: s.Controller, log: s.Log, config: s.Controller.Supervision.Config,
		beatInterval: s.BeatInterval, recorded: s.Recorded,
		poller: newClusterPoller(s.Controller, s.Log), frozen: make(chan time.Duration),
	}
	for _, u := range s.Controller.Units {
		l.restarters = append(l.restarters, &restarter{controller: s.Controller, log: s.Log.WithField("db", u.Name()), unit: u})
	}
	return l
}
