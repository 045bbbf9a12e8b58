package supervisor

import (
	"time"

	"ovndb-servers/pkg/replication"
)

const (
	// reviewInterval is between two polls, and between two publications of the same value, where changes
	// are not announced; where they are, it is after how long one has values published again.
	reviewInterval = 30 * time.Second
	// watchedInterval is between two polls where the change of a file announces each change of the
	// cluster record.
	watchedInterval = 2 * time.Minute
	// remoteInterval is between two polls on a node of Pacemaker Remote: it has no CIB whose change
	// announces one of the record, and a node whose term is over must step back soon.
	remoteInterval = 2 * time.Second
	// leaderlessInterval is between two polls of a backup without a promoted node to follow,
	// for the first leaderlessEager; then it is leaderlessSlow.
	leaderlessInterval = time.Second
	leaderlessEager    = time.Minute
	leaderlessSlow     = 10 * time.Second
	// leaderlessReport is after how long without a promoted node its lack is reported with the
	// reason.
	leaderlessReport = 10 * time.Second
	// changeDelay is after how long a change makes a node poll that need not do so at once.
	changeDelay = 2 * time.Second
)

// polling decides when the cluster is polled.
type polling struct {
	// watched says that changes of the cluster record are announced, changed that one was since the
	// last answer.
	watched, changed bool
	// remote says that this node runs Pacemaker Remote.
	remote bool

	polledAt     time.Time // the last poll that was due, or the last answer
	requestedFor time.Time // the poll after a change; zero if there is none to make
	leaderless   spell     // this node is a backup without a leader
}

// request makes a poll due at a time, unless an earlier one is.
func (p *polling) request(at time.Time) {
	if p.requestedFor.IsZero() || at.Before(p.requestedFor) {
		p.requestedFor = at
	}
}

// answered takes note of an answer, after which the interval begins again. It reports whether the
// answer differs by a change that was not announced: Pacemaker no longer writes the file after an
// error of the disk. Then the polls come as often as without a file.
func (p *polling) answered(now time.Time, differs bool) (missed bool) {
	missed = p.watched && differs && !p.changed
	p.watched = p.watched && !missed
	p.polledAt, p.changed = now, false
	return missed
}

// due reports whether the cluster is to be polled now, and then takes it for polled.
// leaderless says that this node is a backup and knows no promoted node.
func (p *polling) due(now time.Time, leaderless bool) bool {
	requested := !p.requestedFor.IsZero() && !now.Before(p.requestedFor)
	if now.Sub(p.polledAt) < p.interval(now, leaderless) && !requested {
		return false
	}
	p.polledAt, p.requestedFor = now, time.Time{}
	return true
}

// leaderlessFor returns for how long this backup has known no promoted node.
func (p *polling) leaderlessFor(now time.Time) time.Duration {
	return p.leaderless.lasted(now)
}

func (p *polling) interval(now time.Time, leaderless bool) time.Duration {
	lasting := p.leaderless.observe(now, leaderless, leaderlessEager)
	switch {
	case !leaderless && p.remote:
		return remoteInterval
	case !leaderless && p.watched:
		return watchedInterval
	case !leaderless:
		return reviewInterval
	case lasting:
		return leaderlessSlow
	default:
		return leaderlessInterval
	}
}

func (l *loop) poll(now time.Time, o replication.Observation) {
	if l.checkPending {
		l.checkPending = false
		l.poller.check()
	}
	leaderless := o.All(replication.ConditionBackup) && l.view.state.Leader.Node == ""
	if l.polling.due(now, leaderless) {
		l.poller.request()
	}
}

func (l *loop) answer(now time.Time, a answer) {
	differs := l.view.known() && a.state.Record != l.view.state.Record
	l.view.answer(now, a)
	l.managed.Store(!a.state.Unmanaged)
	if record, err := replication.ParseRecord(a.state.Record); err == nil {
		l.recorded.Store(record)
	}
	if differs {
		signal(l.membersChanged)
	}
	if a.state.AddressLost {
		l.renewal.missing(now)
	}
	if l.polling.answered(now, differs) {
		l.log.WithField("interval", reviewInterval).
			Warn("the cluster record has changed, and Pacemaker's cib.xml has not: asking the cluster by the clock")
	}
}
