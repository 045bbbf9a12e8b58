package supervisor

import (
	"context"
	"sync"
	"time"

	"ovndb-servers/pkg/control"

	"github.com/sirupsen/logrus"
)

// Supervisor watches over the servers of one resource on this node.
type Supervisor struct {
	Controller *control.Controller
	Log        logrus.FieldLogger
	// BeatInterval is how often an active node's beat is counted up.
	BeatInterval time.Duration
	// Changed is sent to when something happened that the cluster should be asked about,
	// Addresses when an address of this node has come or gone. Either may be nil.
	Changed, Addresses <-chan struct{}
	// Recorded returns the cluster record as it is on this node's disk, which a change
	// reaches before it is sent to Changed; empty if there is none. It may be nil.
	Recorded func() (string, error)
}

// How often the supervisor looks, and what it waits for. They are not parameters:
// nobody could tell how to set them.
const (
	// lookInterval is short enough for a server that turns active by itself to be
	// read-only again within a second.
	observeInterval = 500 * time.Millisecond
	// lookMost bounds one look; a mute server gets a part of it to answer.
	observeTimeout = 2500 * time.Millisecond
	// actMost bounds what the supervisor does about what it saw.
	actTimeout = 20 * time.Second
)

// Run supervises until ctx ends. The servers run on then.
func (s Supervisor) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	r := newRounds(&s)
	for _, g := range r.restarters {
		running.Go(func() { g.run(ctx) })
	}
	running.Go(func() { r.poller.run(ctx) })
	running.Go(func() { r.freeze.run(ctx) })
	running.Go(func() { reader{controller: s.Controller, log: s.Log}.run(ctx) })
	s.loop(ctx, r)
}

func newRounds(s *Supervisor) *rounds {
	r := &rounds{Supervisor: s, poller: newClusterPoller(s.Controller, s.Log)}
	r.freeze = &freezeDetector{controller: s.Controller, thawed: make(chan time.Duration)}
	for _, u := range s.Controller.Units {
		r.restarters = append(r.restarters, &restarter{controller: s.Controller, log: s.Log.WithField("db", u.Name()), unit: u})
	}
	return r
}

func (s *Supervisor) loop(ctx context.Context, r *rounds) {
	ticker := time.NewTicker(observeInterval)
	defer ticker.Stop()
	r.poller.ask()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.Changed:
			r.change(ctx)
			continue
		case <-s.Addresses:
			r.wake(ctx)
			continue
		case still := <-r.freeze.thawed:
			r.thaw(still)
		case learnt := <-r.poller.learnt:
			r.learn(learnt)
		case <-ticker.C:
			if r.unheeded {
				r.unheeded = false
				r.change(ctx)
			}
		}
		r.look(ctx)
	}
}
