package supervisor

import (
	"context"
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

const (
	// stackInterval is between two searches for a part of the cluster stack that is missing.
	stackInterval = 500 * time.Millisecond
	// stackGrace is how long it may be missing: systemd restarts a daemon of Pacemaker's at once.
	stackGrace = 1500 * time.Millisecond
	// partGrace is how long a part without which clients are served may be missing before that is logged.
	partGrace = 10 * time.Second
	// stackConfirmDelay is how long a Pacemaker that has just been started may take to join the
	// cluster. Until then it answers from its own copy of the CIB.
	stackConfirmDelay = 10 * time.Second
)

// pacemakerAccount is whom Pacemaker's controller runs as; pacemakerd and Corosync run as root
// (CRM_DAEMON_USER in Pacemaker's configure.ac).
const pacemakerAccount = "hacluster"

// stackPart is a part of the cluster stack. It runs while one of its programs does, of which the first
// names it.
type stackPart struct {
	programs []string
	// required says that a node without the part must not serve clients. Without another one it only
	// loses what it has published.
	required bool
}

// stackParts returns the parts of the cluster stack. Pacemaker is still there without pacemakerd, and
// without its controller for as long as pacemakerd takes to restart it. Images of bundles start
// pacemaker-remoted by its earlier name. The CIB manager is a part of its own: without it, Pacemaker
// runs no action here and the cluster has lost the node, and pacemakerd 2.1.5 was seen not to start it
// again. So are the controller and the attribute manager, each end of which loses values (see renewal): one
// that starts later is not looked for while another program of its part runs. A node of Pacemaker Remote
// has neither Corosync nor a CIB.
func stackParts(remote bool) []stackPart {
	parts := []stackPart{
		{programs: []string{"pacemakerd", "pacemaker-controld", "pacemaker-remoted", "pacemaker_remoted"}, required: true},
		{programs: []string{"corosync"}, required: true},
		{programs: []string{"pacemaker-based"}, required: true},
		{programs: []string{"pacemaker-controld"}},
		{programs: []string{"pacemaker-attrd"}},
	}
	if remote {
		return parts[:1]
	}
	return parts
}

// stackLoss decides from when on a part of the cluster stack counts as gone.
type stackLoss struct {
	missing spell
}

// observe takes note of whether the part runs, and reports whether it has been missing for longer than it may.
func (s *stackLoss) observe(now time.Time, running bool, grace time.Duration) (gone bool) {
	return s.missing.observe(now, !running, grace)
}

// daemon is a running process of the cluster stack.
type daemon interface {
	Wait(ctx context.Context) error
	Close()
}

// stackWatcher closes the listeners of an active node when a required part of its cluster stack is
// gone: another node may be promoted, and this one cannot find that out.
type stackWatcher struct {
	log      logrus.FieldLogger
	part     string // the name of the part
	required bool
	// find returns the running processes of the part.
	find func() ([]daemon, error)
	// dismisses reports whether this node serves no clients if the part is gone.
	dismisses      func() bool
	closeListeners func(context.Context) error

	// seen says that the part has run since the node booted, while this supervisor ran or an earlier one.
	seen, gone atomic.Bool
	// changed says that a process of the part has ended, and the part runs again, since that was asked
	// last: while it does not, nothing can be published.
	changed  atomic.Bool
	failures control.FailureLog
}

// newStackWatcher returns the watcher of a part. seen are the parts that have run while an earlier
// supervisor did.
func newStackWatcher(l *loop, c *control.Controller, part stackPart, seen []string) *stackWatcher {
	w := &stackWatcher{
		log: l.log, part: part.programs[0], required: part.required, find: findDaemons(part.programs), closeListeners: l.dismissing(c.CloseListeners),
		dismisses: func() bool { return l.isolation(c.Promoted(), true).Dismisses() },
	}
	w.seen.Store(slices.Contains(seen, w.part))
	return w
}

func (l *loop) isolation(promoted, stackGone bool) replication.Isolation {
	return replication.Isolation{Promoted: promoted, Managed: l.managed.Load(), StackGone: stackGone}
}

// dismissing returns closeListeners with a note for the loop, which is left before.
func (l *loop) dismissing(closeListeners func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		l.dismissed.Store(true)
		return closeListeners(ctx)
	}
}

func findDaemons(programs []string) func() ([]daemon, error) {
	return func() ([]daemon, error) {
		found, err := process.FindPrograms(pacemakerAccount, programs...)
		daemons := make([]daemon, len(found))
		for i, p := range found {
			daemons[i] = p
		}
		return daemons, err
	}
}

// run watches until ctx ends. A part that does not run at first is missed only if it has run before:
// the cluster may do without it, or know it by another name.
func (w *stackWatcher) run(ctx context.Context) {
	running, err := w.find()
	if len(running) == 0 && !w.seen.Load() {
		w.logFailure(err, "cannot find the cluster stack: clients stay if it ends")
		return
	}
	w.seen.Store(true)
	var loss stackLoss
	grace := partGrace
	if w.required {
		grace = stackGrace
	}
	for ctx.Err() == nil {
		awaitEnd(ctx, running)
		if running, err = w.find(); err != nil && len(running) == 0 {
			w.logFailure(err, "cannot look for the cluster stack")
			pause(ctx, stackInterval)
			continue
		}
		if len(running) > 0 {
			w.changed.Store(true)
		}
		gone := loss.observe(time.Now(), len(running) > 0, grace)
		w.gone.Store(gone && w.required)
		if gone && ctx.Err() == nil {
			w.miss(ctx)
		}
		pause(ctx, stackInterval)
	}
	awaitEnd(ctx, running)
}

// miss dismisses the clients if the part that is gone is required, and else logs it.
func (w *stackWatcher) miss(ctx context.Context) {
	if w.required {
		w.dismiss(ctx)
		return
	}
	w.logFailure(fmt.Errorf("%s does not run", w.part), unpublished)
}

// unpublished is logged where a part is missing without which this node publishes nothing. After an end of the
// CIB manager, pacemakerd 3.0.0 was seen to start the attribute manager "not until cluster returns", and so never.
const unpublished = "Pacemaker does not learn what this node publishes, and does not promote it: if it stays so, restart Pacemaker here"

// awaitEnd waits until one of the processes has ended, or ctx has, and closes all.
func awaitEnd(ctx context.Context, running []daemon) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var waiting sync.WaitGroup
	for _, d := range running {
		waiting.Go(func() {
			defer cancel()
			if err := d.Wait(ctx); err != nil {
				pause(ctx, stackInterval) // the error is that of ctx, as a rule
			}
		})
	}
	waiting.Wait()
	for _, d := range running {
		d.Close()
	}
}

// dismiss closes the listeners, again and again while the part is gone: the loop may be about to
// open them.
func (w *stackWatcher) dismiss(ctx context.Context) {
	if !w.dismisses() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	w.logFailure(w.closeListeners(ctx), "cannot close the listeners though the cluster stack is gone: two nodes may serve clients")
}

func (w *stackWatcher) logFailure(err error, message string) {
	w.failures.Log(w.log, time.Now(), logrus.ErrorLevel, err, message)
}

// stackChanged reports whether a process of the cluster stack has ended, and its part runs again, since
// it was called last.
func (l *loop) stackChanged() (changed bool) {
	for _, w := range l.stack {
		changed = w.changed.Swap(false) || changed
	}
	return changed
}

// stackSeen returns the names of the parts that have run since the node booted.
func (l *loop) stackSeen() (parts []string) {
	for _, w := range l.stack {
		if w.seen.Load() {
			parts = append(parts, w.part)
		}
	}
	return parts
}

// checkStack keeps the listeners closed while the cluster stack is gone, and until the cluster
// has confirmed the term afterwards. It returns the reason for people: no monitor runs then.
func (l *loop) checkStack(now time.Time, o replication.Observation) (reasons []string) {
	missing := slices.ContainsFunc(l.stack, func(w *stackWatcher) bool { return w.gone.Load() })
	gone := l.isolation(o.Promoted(), missing).Dismisses()
	switch {
	case gone && !l.stackGone:
		l.log.Error("the cluster stack of this node is gone: it serves no clients")
	case !gone && l.stackGone:
		l.log.Warn("the cluster stack of this node is back: serving clients again once it is certain that it still leads")
	}
	l.stackGone = gone
	if !gone {
		return nil
	}
	l.serving.resume(now, stackConfirmDelay)
	return []string{"Pacemaker or Corosync does not run on this node, which serves no clients"}
}
