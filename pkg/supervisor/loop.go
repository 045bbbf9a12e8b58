package supervisor

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// node is the part of a control.Controller that the loop and the cluster poller call.
type node interface {
	Promoted() bool
	Acting() bool
	OwnPromotionRecord() string
	QueryCluster(ctx context.Context) (control.SupervisorState, error)
	AnswerOpenRounds(ctx context.Context) error
	Tend(ctx context.Context, k control.SupervisorState) (replication.Observation, replication.Verdict, error)
	Repair(ctx context.Context) (replication.Observation, replication.Verdict)
	Beat(ctx context.Context) error
	Publish(ctx context.Context, v replication.Verdict, leader replication.Leader) bool
	FollowPending(ctx context.Context) (replication.Leader, error)
	OpenListeners(ctx context.Context) error
	RetryListeners(ctx context.Context) error
	Escalate(ctx context.Context) error
	SaveSupervisorState(k control.SupervisorState) error
}

// loop observes the servers again and again, and does what is due. It reads the clock; the
// types that decide are handed the time.
type loop struct {
	node         node
	log          logrus.FieldLogger
	config       string
	beatInterval time.Duration
	recorded     func() (string, error)

	restarters []*restarter
	poller     *clusterPoller
	frozen     chan time.Duration

	view       clusterView
	polling    polling
	freshness  freshness
	stale      bool // the last observation found the data stale
	repairs    repairTimer
	beats      beatTimer
	score      score
	escalation escalation
	serving    serving
	failures   failureLog
	// changePending says that a change came while an action was under way.
	changePending bool
}

// run observes at each tick and each answer of the cluster, until ctx ends.
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
		case state := <-l.poller.answers:
			l.answer(time.Now(), state)
		case <-ticker.C:
			if l.changePending {
				l.changePending = false
				l.change(ctx)
			}
		}
		l.observe(ctx)
	}
}

// observe observes the servers once and does what is due.
func (l *loop) observe(ctx context.Context) {
	observing, cancel := context.WithTimeout(ctx, observeTimeout)
	o, v, err := l.node.Tend(observing, l.view.state)
	cancel()
	if err != nil { // no decision follows from a record that cannot be read
		l.logFailure(time.Now(), logrus.ErrorLevel, err, "cannot assess the servers of this node")
		return
	}
	l.keepMarkers(o)
	ctx, cancel = context.WithTimeout(ctx, actTimeout)
	defer cancel()
	if l.view.known() && l.repairs.due(time.Now(), v) {
		o, v = l.repair(ctx, v)
	}
	now := time.Now()
	stale, lasting := l.freshness.observe(now, o, l.beatInterval)
	l.logStale(stale, o.Leader)
	l.beat(ctx, now, o)
	v.Stale, v.Following = stale, v.Following && len(lasting) == 0
	l.publish(ctx, now, v)
	l.poll(now, o)
	reasons, gaveUp := restartReasons(l.restarters)
	l.escalate(ctx, now, o, gaveUp)
	l.serve(ctx, now, o)
	l.save(now, o, append(reasons, lasting...), gaveUp)
}

// keepMarkers hands the marker of each server to its restarter, which compares it with the
// file of a server that has died.
func (l *loop) keepMarkers(o replication.Observation) {
	for i, s := range o.Servers {
		if s.Marker != nil {
			l.restarters[i].lastMarker.Store(s.Marker)
		}
	}
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
func (l *loop) save(now time.Time, o replication.Observation, reasons []string, gaveUp bool) {
	if !l.view.known() {
		return
	}
	state := l.view.state
	state.Config, state.Term, state.Reasons, state.GaveUp = l.config, o.Term, reasons, gaveUp
	err := l.node.SaveSupervisorState(state)
	l.logFailure(now, logrus.WarnLevel, err, "cannot save the state of the supervisor: monitors have to ask the cluster themselves")
}

// logFailure logs the error, if any, of an operation that may fail again with the next
// observation. The message names it.
func (l *loop) logFailure(now time.Time, level logrus.Level, err error, message string) {
	if err != nil && l.failures.due(now, message) {
		l.log.WithError(err).Log(level, message)
	}
}

// leads reports whether the servers are active and hold the term of the cluster record.
func leads(o replication.Observation) bool { return o.AllActive() && o.Term == replication.TermHeld }
