package supervisor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// node is the part of a control.Controller that the loop and the cluster poller call.
type node interface {
	Promoted() bool
	Acting() bool
	QueryCluster(ctx context.Context) (control.SupervisorState, error)
	Unchanged(ctx context.Context, known control.SupervisorState) bool
	AnswerOpenRounds(ctx context.Context) error
	FollowOtherAgent(ctx context.Context) error
	ObserveWithMarkers(ctx context.Context, state control.SupervisorState) (replication.Observation, map[string]*replication.Marker)
	Repair(ctx context.Context, v replication.Verdict) (replication.Observation, replication.Verdict)
	Beat(ctx context.Context, own replication.OwnTerm, files *control.FileReaders) error
	Heal(ctx context.Context, own replication.OwnTerm, found, seen map[string]*replication.Marker) ([]string, error)
	PublishFreshness(ctx context.Context, termID string, fresh bool) error
	PublishState(ctx context.Context, state replication.State) error
	RenewPosition(ctx context.Context) error
	Publish(ctx context.Context, v replication.Verdict, leader replication.Leader) (done bool, err error)
	FollowPending(ctx context.Context, putOff bool) (leader replication.Leader, ok bool, err error)
	TryFollow(ctx context.Context, promoted string) (bool, error)
	CopyQueue(ctx context.Context, state control.SupervisorState) (replication.CopyQueue, error)
	DatabaseSize() int64
	Retire(ctx context.Context) (bool, error)
	Faults(ctx context.Context, leads bool) []string
	OpenListeners(ctx context.Context, own replication.OwnTerm, mayOpen func() bool) (opened bool, err error)
	KeepListeners(ctx context.Context, own replication.OwnTerm, mayOpen func() bool) []string
	RetryListeners(ctx context.Context) error
	Escalate(ctx context.Context) error
	SaveSupervisorState(k control.SupervisorState) error
	LastMonitor() control.LastMonitor
}

// loop observes the servers again and again, and takes the steps that are due. It reads the clock;
// the types that decide are handed the time.
type loop struct {
	node   node
	log    logrus.FieldLogger
	config string
	// superseded reports whether this supervisor has to end; nil for never.
	superseded func() bool
	// cleanup is the command by which an operator makes the cluster monitor this node again.
	cleanup      string
	beatInterval time.Duration
	diskPatience time.Duration
	copyDelay    time.Duration
	largeFile    int64
	files        *control.FileReaders

	restarters []*restarter
	sources    []*sourceWatcher
	poller     *clusterPoller
	disk       *diskProber
	keys       *keyWatcher
	prover     *listenerProver
	stack      []*stackWatcher
	schemas    *schemaKeeper
	frozen     chan time.Duration

	// answering says for the memberKeeper that all servers were active when last observed, and
	// membersChanged receives when it has to look: activity, the roles and beats seen here, is another
	// than before, or the cluster has changed.
	answering      atomic.Bool
	membersChanged chan struct{}
	// recorded is for the memberKeeper the cluster record as it was read last.
	recorded atomic.Pointer[replication.Record]
	activity string
	// managed says for the stackWatchers that the cluster manages the resource on this node, by
	// its last answer.
	managed atomic.Bool
	// dismissed says that the listeners are being closed because this node may not lead any more;
	// until the loop has taken note of it, it must not open them.
	dismissed atomic.Bool
	// doubted says that the cluster has to confirm that this node leads before they are opened.
	doubted atomic.Bool

	view      clusterView
	ownTerm   ownTermView
	polling   polling
	copies    copyTurn
	freshness freshness
	announced freshnessNotice
	renewal   renewal
	// positionAt is when the position was published again last.
	positionAt time.Time
	stale      bool // the last observation found the data stale
	repairs    repairTimer
	// unrepaired says why the last repairs have failed; empty once there is nothing to repair.
	unrepaired []string
	beats      beatTimer
	score      score
	state      stateNotice
	states     *statePublisher
	exporter   *exporter
	arrived    beatArrivals
	// unreachable says that this backup has no session to its source.
	unreachable spell
	escalation  escalation
	diskFails   spell
	faults      faults
	monitors    monitorWatch
	serving     serving
	closed      spell // this node is active and its listeners are closed
	listeners   listenerTimer
	// unproven says that clients or backups cannot connect.
	unproven spell
	failures control.FailureLog
	// stackGone says that the cluster stack was gone when last observed.
	stackGone bool
	// changePending says that a change came while an action was under way, whose own change may
	// come after it.
	changePending bool
	// checkPending says that the record is to be checked with the next observation.
	checkPending bool
}

// run observes at each tick and each answer of the cluster, until ctx ends or the supervisor is superseded.
func (l *loop) run(ctx context.Context, changed, addresses <-chan struct{}) {
	ticker := time.NewTicker(observeInterval)
	defer ticker.Stop()
	l.poller.request()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changed:
			l.change(ctx)
			continue
		case <-addresses:
			l.retryListeners(ctx)
			continue
		case frozenFor := <-l.frozen:
			l.resume(time.Now(), frozenFor)
		case a := <-l.poller.answers:
			l.answer(time.Now(), a)
		case <-ticker.C:
			if l.superseded != nil && l.superseded() {
				l.log.Error("the pidfile of this supervisor is gone, and no action finds it any more: it ends, and the next monitor starts another")
				return
			}
			l.changeAfterAction(ctx)
		}
		l.observe(ctx)
	}
}

// changeAfterAction follows a change that came while an action was under way.
func (l *loop) changeAfterAction(ctx context.Context) {
	if l.changePending && !l.node.Acting() {
		l.changePending = false
		l.change(ctx)
	}
}

// observe observes the servers once and takes the steps that are due.
func (l *loop) observe(ctx context.Context) {
	l.view.state.Leaderless = l.polling.leaderlessFor(time.Now()) >= leaderlessReport
	l.poller.leaderless.Store(l.view.state.Leaderless)
	observing, cancel := context.WithTimeout(ctx, observeTimeout)
	o, markers := l.node.ObserveWithMarkers(observing, l.view.state)
	cancel()
	l.answering.Store(o.AllActive())
	l.takeTurn(ctx, time.Now(), &o)
	v := l.assess(time.Now(), &o)
	ctx, cancel = context.WithTimeout(ctx, actTimeout)
	defer cancel()
	if len(v.Repairs) == 0 {
		l.unrepaired = nil
	}
	if l.view.known() && l.repairs.due(time.Now(), v, l.view.state.Record, o.Acting) {
		o, v = l.repair(ctx, v)
	}
	now := time.Now()
	l.renew(ctx, now)
	l.heal(ctx, now, o, markers)
	l.keepMarkers(o, markers)
	l.noteActivity(o, markers)
	reasons, diskFailed := l.checkDisk(now)
	stale, lasting := l.compare(ctx, now, o, markers)
	l.beat(ctx, now, o)
	v.Stale, v.Following = stale, v.Following && len(lasting) == 0
	l.publish(ctx, now, o, v)
	l.poll(now, o)
	restarts, gaveUp := restartReasons(l.restarters)
	l.escalate(ctx, now, o, gaveUp, diskFailed)
	reasons = append(reasons, l.checkStack(now, o)...)
	reasons = append(reasons, l.checkServers(ctx, now, o)...)
	reasons = append(reasons, l.keys.reasons()...)
	reasons = append(reasons, l.serve(ctx, now, o)...)
	reasons = append(reasons, l.checkListeners(ctx, now, o)...)
	state := l.noteState(now, o, v)
	reasons = slices.Concat(l.unrepaired, restarts, reasons, lasting)
	l.save(now, reasons, gaveUp, l.checkMonitors(now, o))
	l.export(now, o, v.Degraded(reasons...), markers, state)
}

// assess assesses an observation. A view of the cluster that cannot know of this node's own
// promotion says nothing about its term.
func (l *loop) assess(now time.Time, o *replication.Observation) replication.Verdict {
	if l.ownTerm.outdated(now, l.view.askedAt, o.Own) && o.Term == replication.TermRecordLost {
		o.Term = replication.TermHeld
		l.polling.request(now.Add(changeDelay))
	}
	return replication.Assess(*o)
}

// keepMarkers hands the marker of each server to its restarter, which compares it with the
// file of a server that has died. One that a client has changed is not kept: the marker of an
// active node is of its term, and beats only grow.
func (l *loop) keepMarkers(o replication.Observation, markers map[string]*replication.Marker) {
	known := l.lastMarkers()
	for i, s := range o.Servers {
		m, last := markers[s.Database], known[s.Database]
		switch {
		case m == nil:
		case o.Promoted() && m.TermID != o.Own.Record.TermID:
		case !m.Follows(last):
		default:
			l.restarters[i].lastMarker.Store(m)
		}
	}
}

// noteActivity tells the memberKeeper that rows have changed, which a beat follows, or servers have
// come, gone or fallen silent.
func (l *loop) noteActivity(o replication.Observation, markers map[string]*replication.Marker) {
	seen := []string{fmt.Sprint(o.AllActive())}
	for _, s := range o.Servers {
		if m := markers[s.Database]; m != nil {
			seen = append(seen, fmt.Sprintf("%s %d", m.TermID, m.Beat))
		}
	}
	if activity := strings.Join(seen, " "); activity != l.activity {
		l.activity = activity
		signal(l.membersChanged)
	}
}

// lastMarkers returns the markers that were seen before, by database.
func (l *loop) lastMarkers() map[string]*replication.Marker {
	last := map[string]*replication.Marker{}
	for _, r := range l.restarters {
		last[r.unit.Name()] = r.seen()
	}
	return last
}

// lastBeats returns the beats of the markers that were seen last.
func (l *loop) lastBeats() map[string]control.LastBeat {
	beats := map[string]control.LastBeat{}
	for database, m := range l.lastMarkers() {
		if m != nil {
			beats[database] = control.LastBeat{TermID: m.TermID, Beat: m.Beat}
		}
	}
	return beats
}

func (l *loop) logStale(stale bool, leader replication.Leader) {
	if stale == l.stale {
		return
	}
	l.stale = stale
	if stale {
		l.log.WithField("promoted", leader.Node).Info("backup is stale")
	} else {
		l.log.Info("backup is no longer stale")
	}
}

// save leaves the state of the supervisor for the monitors.
func (l *loop) save(now time.Time, reasons []string, gaveUp bool, unmonitored string) {
	if !l.view.known() {
		return
	}
	state := l.view.state
	state.Leader = l.view.leader()
	state.Config, state.Reasons, state.GaveUp, state.Unmonitored = l.config, reasons, gaveUp, unmonitored
	state.Restarting, state.Notices = restarting(l.restarters), l.exporter.notices()
	state.BehindSince = maps.Clone(l.freshness.behindSince)
	state.Doubted = !l.mayOpen()
	state.Waiting, state.Stack = l.schemas.waiting(), l.stackSeen()
	state.SessionLosses, state.LastBeats = sessionLosses(l.sources), l.lastBeats()
	err := l.node.SaveSupervisorState(state)
	l.logFailure(now, logrus.WarnLevel, err, "cannot save the state of the supervisor: monitors have to ask the cluster themselves")
}

// logFailure logs the error, if any, of an operation that may fail again with the next
// observation. The message names it.
func (l *loop) logFailure(now time.Time, level logrus.Level, err error, message string) {
	l.failures.Log(l.log, now, level, err, message)
}
