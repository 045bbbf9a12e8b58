package supervisor

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/replication"
)

// copyPollInterval is between two polls of a backup that waits for its turn.
const copyPollInterval = time.Second

// conversionSettling is how long after a conversion a backup takes no other one for fresh: each says that it
// no longer is when it has met the new schema, within about a second.
const conversionSettling = 1500 * time.Millisecond

// copyTurn decides when a backup may copy the data of a node that was promoted, or has converted its
// databases: at the latest after a delay for each backup ahead of it and one for itself.
type copyTurn struct {
	promoted, term string
	// since is when the promoted node, or its conversion, was first seen.
	since time.Time
	begun bool
	// repeated says that the turn is for the copy after a conversion.
	repeated bool
	// retired says that the servers here have no sessions left from when they were active.
	retired bool
}

// observe takes note of the promoted node and its term, and reports whether the copy is put off.
// Once it has begun, that is for the whole term. Needed says that it has not, and is worth waiting for.
func (t *copyTurn) observe(now time.Time, promoted, term string, needed bool, q replication.CopyQueue, delay time.Duration) bool {
	// The record may come later than the address of the node that swapped it.
	if promoted != t.promoted || term != t.term && t.begun {
		*t = copyTurn{promoted: promoted, since: now}
	}
	t.term = term
	if promoted == "" {
		return false
	}
	latest := t.since.Add(delay * time.Duration(1+len(q.Ahead())))
	known := !t.repeated || len(q.Ahead()) == 0 || now.Sub(t.since) >= conversionSettling
	t.begun = t.begun || !needed || known && len(q.Waiting()) == 0 || !now.Before(latest)
	return !t.begun
}

// repeat begins another turn in the term, for the copy after a conversion.
func (t *copyTurn) repeat(now time.Time) {
	*t = copyTurn{promoted: t.promoted, term: t.term, since: now, repeated: true}
}

// takeTurn decides whether this backup's copy is put off, and follows the promoted node when it no
// longer is. Until then the backup takes no node for promoted: its servers are left as they are, and
// nothing is wrong with them.
func (l *loop) takeTurn(ctx context.Context, now time.Time, o *replication.Observation) {
	leader := l.view.state.Leader
	was := l.view.putOff
	if l.outdated(*o, leader) {
		l.copies.repeat(now)
		l.tellOutdated(ctx, now)
	}
	l.view.putOff = l.copies.observe(now, leader.Node, termOf(l.view.state.Record), l.copyNeeded(*o, leader), l.view.queue, l.copyDelay)
	l.poller.queueing.Store(l.view.putOff)
	switch {
	case l.view.putOff && !was:
		l.log.WithField("promoted", leader.Node).WithField("delay", l.copyDelay).
			Info("waiting to copy the databases of the promoted node: clients and other backups come first")
		l.poller.request()
	case !l.view.putOff && was && leader.Node != "":
		l.followInTurn(ctx, now, leader)
	case !l.view.putOff:
		return
	}
	o.Leader = replication.Leader{} // it was observed before the servers followed
	if l.view.putOff {
		l.polling.request(now.Add(copyPollInterval))
		l.retire(ctx, now)
	}
}

// outdated reports whether a server here has turned active by itself in the term in which it followed, as one
// does that meets a schema which it cannot replicate: all backups do when the promoted node converts.
func (l *loop) outdated(o replication.Observation, leader replication.Leader) bool {
	followed := l.copies.begun && leader.Node != "" && leader.Node == l.copies.promoted && termOf(l.view.state.Record) == l.copies.term
	return followed && l.copyDelay > 0 && !o.Promoted() && len(o.In(replication.ConditionActive)) > 0 && l.largeDatabase()
}

// tellOutdated tells the other nodes that this one is no longer fresh: backups behind it in the queue
// wait for its copy, and the promoted node counts it as a member for no longer than any that is behind.
func (l *loop) tellOutdated(ctx context.Context, now time.Time) {
	l.view.queue = replication.CopyQueue{}
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	err := l.node.PublishFreshness(ctx, l.copies.term, false)
	l.logFailure(now, logrus.WarnLevel, err, "cannot tell the other nodes that this one has to copy the databases")
	if err == nil {
		l.announced.done(now, l.copies.term, false)
	}
}

// followInTurn follows the promoted node after the copy was put off. Where that fails, or another
// action is under way, it is left to the repairs of later observations.
func (l *loop) followInTurn(ctx context.Context, now time.Time, leader replication.Leader) {
	log := l.log.WithField("promoted", leader.Node).WithField("waited", now.Sub(l.copies.since).Round(time.Millisecond))
	if waiting := l.view.queue.Waiting(); len(waiting) > 0 {
		log = log.WithField("not-awaited", strings.Join(waiting, ", "))
	}
	log.Info("copying the databases of the promoted node")
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	if _, err := l.node.TryFollow(ctx, leader.Node); err != nil {
		l.log.WithError(err).Warn("cannot follow the promoted node, trying again soon")
		l.polling.request(now)
	}
}

// retire ends sessions that the servers here have from when they were active, once for a turn.
func (l *loop) retire(ctx context.Context, now time.Time) {
	if l.copies.retired {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	retired, err := l.node.Retire(ctx)
	l.logFailure(now, logrus.WarnLevel, err, "clients may keep their sessions with servers that are backups")
	l.copies.retired = retired && err == nil
}

// copyNeeded reports whether a server of this backup is to be pointed at the promoted node, and
// its copy will take long enough to be put off.
func (l *loop) copyNeeded(o replication.Observation, leader replication.Leader) bool {
	active := len(o.In(replication.ConditionActive)) > 0
	if l.copyDelay <= 0 || o.Promoted() || active && !l.copies.repeated {
		return false
	}
	elsewhere := active || slices.ContainsFunc(o.In(replication.ConditionBackup), func(s replication.ServerState) bool {
		return s.Source != leader.Sources[s.Database]
	})
	return elsewhere && l.largeDatabase()
}

// largeDatabase reports whether a copy of a database of this size keeps clients waiting.
func (l *loop) largeDatabase() bool { return l.node.DatabaseSize() >= l.largeFile }

// termOf returns the term of a cluster record; empty if there is none.
func termOf(text string) string {
	record, err := replication.ParseRecord(text)
	if err != nil || record == nil {
		return ""
	}
	return record.TermID
}
