package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
)

// Supervisor watches over the servers of one resource on this node.
type Supervisor struct {
	Controller *control.Controller
	Log        logrus.FieldLogger
	// Version is that of the agent, for metrics and the other nodes.
	Version string
	// BeatInterval is how often an active node looks for changes of rows, and writes a beat
	// after them.
	BeatInterval time.Duration
	// DiskPatience is how long the disk of the databases may fail on an active node before
	// another one is to lead; 0 is for 30 s.
	DiskPatience time.Duration
	// CopyDelay is how long a backup puts off its copy of a large database for clients, and for each
	// backup ahead of it, after a promotion; 0 is for not at all.
	CopyDelay time.Duration
	// MembershipTimeout is how long the cluster takes at least to leave out a node that stands still;
	// 0 if that is not known.
	MembershipTimeout time.Duration
	// LargeFile is from which size on, in bytes, a database file counts as large; 0 is for the
	// default.
	LargeFile int64
	// Metrics is where metrics are shown.
	Metrics Metrics
	// Changed receives when the cluster may have changed or an action has ended, Addresses
	// when an address of this node has come or gone. Either may be nil.
	Changed, Addresses <-chan struct{}
	// Watched says that Changed receives after each change of the cluster record.
	Watched bool
	// Superseded reports whether another supervisor may run: nothing finds this one any more. It may be nil.
	Superseded func() bool
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
	// defaultLargeFile is the size, in bytes, of a file whose copy takes an ovsdb-server about
	// 100 ms, in which it answers no client.
	defaultLargeFile = 1 << 20
)

// Run supervises until ctx ends, or it is superseded, and leaves the servers running.
func (s Supervisor) Run(ctx context.Context) { s.run(ctx, newLoop(s)) }

func (s Supervisor) run(ctx context.Context, l *loop) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer s.Controller.KeepSessions()()
	defer running.Wait()
	defer cancel()
	for _, r := range l.restarters {
		running.Go(func() { r.run(ctx) })
	}
	for _, w := range l.sources {
		running.Go(func() { w.run(ctx) })
	}
	keeper := memberKeeper{controller: s.Controller, log: s.Log, answering: &l.answering, recorded: &l.recorded, changed: l.membersChanged}
	running.Go(func() { keeper.run(ctx) })
	running.Go(func() { l.schemas.run(ctx) })
	freezes := freezeDetector{
		log: s.Log, limit: freezeLimit(s.MembershipTimeout), promoted: s.Controller.Promoted,
		closeListeners: l.dismissing(s.Controller.CloseListeners), poll: l.poller.request, frozen: l.frozen,
	}
	go freezes.run(ctx) // it is not waited for, as stop waits for this: it sleeps in the kernel, and then sees that all has ended
	running.Go(func() { l.poller.run(ctx) })
	running.Go(func() { l.disk.run(ctx) })
	running.Go(func() { l.keys.run(ctx) })
	running.Go(func() { l.prover.run(ctx) })
	running.Go(func() { l.states.run(ctx) })
	for _, w := range l.stack {
		running.Go(func() { w.run(ctx) })
	}
	running.Go(func() { l.exporter.run(ctx) })
	running.Go(func() { reader{controller: s.Controller, log: s.Log}.run(ctx) })
	l.run(ctx, s.Changed, s.Addresses)
}

func newLoop(s Supervisor) *loop {
	l := &loop{
		node: s.Controller, log: s.Log, config: s.Controller.Supervision.Config,
		beatInterval: s.BeatInterval, diskPatience: cmp.Or(s.DiskPatience, control.DefaultDiskPatience), files: s.Controller.FileReaders(),
		superseded: s.Superseded, copyDelay: s.CopyDelay, largeFile: cmp.Or(s.LargeFile, defaultLargeFile),
		poller: newClusterPoller(s.Controller, s.Log), disk: newDiskProber(s.Controller), keys: &keyWatcher{node: s.Controller, log: s.Log},
		prover: newListenerProver(s.Controller), states: newStatePublisher(s.Controller, s.Log), frozen: make(chan time.Duration),
		membersChanged: make(chan struct{}, 1), exporter: newExporter(s),
	}
	l.schemas = &schemaKeeper{controller: s.Controller, log: s.Log, version: s.Version, lost: make(chan struct{}, 1)}
	last := s.Controller.LastSupervisorState()
	l.managed.Store(!last.Unmanaged)
	if last.Doubted {
		l.doubted.Store(true)
		l.serving.resume(time.Now(), stackConfirmDelay) // the longest
	}
	l.cleanup = fmt.Sprintf("crm_resource --cleanup --resource %s --node %s", s.Controller.Instance, s.Controller.Node)
	l.polling.watched, l.polling.remote = s.Watched, s.Controller.Remote
	for _, part := range stackParts(s.Controller.Remote) {
		l.stack = append(l.stack, newStackWatcher(l, s.Controller, part, last.Stack))
	}
	for _, u := range s.Controller.Units {
		l.sources = append(l.sources, newSourceWatcher(s.Controller, u))
		l.restarters = append(l.restarters, &restarter{
			controller: s.Controller, log: s.Log.WithField("db", u.Name()), unit: u, earlier: last.LastBeats[u.Name()],
			mayOpen: l.mayOpen,
		})
	}
	return l
}
