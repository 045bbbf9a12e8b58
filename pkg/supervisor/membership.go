package supervisor

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

const (
	// memberGrace is how long a member may be behind, or away, before it is removed: a session
	// that breaks comes back in less.
	memberGrace = 8 * time.Second
	// termGrace is how long after the beginning of a term, or a silence of the servers here, no
	// member is removed: the backups have to follow first.
	termGrace = 20 * time.Second
)

// members decides which nodes are members of the term: those that were not behind for long.
type members struct {
	term string
	// comparableSince is when the term began, or the servers of this node last did not answer.
	comparableSince time.Time
	staleSince      map[string]time.Time
	// seen are the nodes of which something was known in the term.
	seen map[string]bool
}

// observe takes note of the freshness of the other nodes, and returns the changes that follow for
// the record. While the servers here do not answer, no backup can compare itself with them:
// answering says that they do.
func (m *members) observe(now time.Time, record replication.Record, known map[string]replication.Freshness, answering bool) map[string]replication.Freshness {
	if m.term != record.TermID {
		*m = members{term: record.TermID, staleSince: map[string]time.Time{}, seen: map[string]bool{}}
		answering = false
	}
	if !answering {
		m.comparableSince = now
	}
	settled := map[string]replication.Freshness{}
	for _, node := range nodesOf(record, known) {
		m.seen[node] = true
		if known[node] == replication.FreshnessFresh {
			delete(m.staleSince, node)
			settled[node] = replication.FreshnessFresh
			continue
		}
		since, stale := m.staleSince[node]
		if !stale {
			since = now
			m.staleSince[node] = now
		}
		settled[node] = replication.FreshnessUnsettled
		if now.Sub(since) >= memberGrace && now.Sub(m.comparableSince) >= termGrace {
			settled[node] = replication.FreshnessStale
		}
	}
	return settled
}

// allFresh reports whether all nodes that were seen in the term are fresh by an observation. One that
// is away may come back at any time.
func (m *members) allFresh(found map[string]replication.Freshness) bool {
	for node := range m.seen {
		if found[node] != replication.FreshnessFresh {
			return false
		}
	}
	return true
}

// nodesOf returns the members besides the node that leads, and the nodes of which something is
// known.
func nodesOf(record replication.Record, known map[string]replication.Freshness) []string {
	nodes := slices.DeleteFunc(slices.Clone(record.Members), func(node string) bool { return node == record.Node })
	for node := range known {
		if node != record.Node && !slices.Contains(nodes, node) {
			nodes = append(nodes, node)
		}
	}
	return nodes
}

// memberKeeper keeps the members of this node's term up to date in the cluster record.
type memberKeeper struct {
	controller *control.Controller
	log        logrus.FieldLogger
	// answering says that the servers here are active and answer, as last observed.
	answering *atomic.Bool
	// recorded is the cluster record as it was read last; nil if that is not known.
	recorded *atomic.Pointer[replication.Record]
	// changed receives when data or the cluster has changed.
	changed  <-chan struct{}
	timer    membersTimer
	members  members
	arrivals arrivals
	failures control.FailureLog
}

// run looks at the members until ctx ends.
func (k *memberKeeper) run(ctx context.Context) {
	for ctx.Err() == nil {
		settled, err := k.review(ctx)
		if ctx.Err() == nil {
			k.failures.Log(k.log, time.Now(), logrus.WarnLevel, err,
				"cannot keep the members of the term up to date: a node that is behind may lead next")
		}
		k.timer.reviewed(time.Now(), settled)
		k.await(ctx)
	}
}

// await returns when the members are to be reviewed.
func (k *memberKeeper) await(ctx context.Context) {
	for {
		wait := time.Until(k.timer.due())
		if wait <= 0 {
			return
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-k.changed:
			timer.Stop()
			k.timer.changed(time.Now())
		}
	}
}

// review brings the members in the record in line with the freshness that the backups have published.
// It reports whether that was the case, and all backups of the term are fresh; or this node leads no term.
func (k *memberKeeper) review(ctx context.Context) (settled bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	own, err := k.controller.OwnTerm()
	if err != nil || own == nil || !own.Recorded {
		return err == nil, err
	}
	known, err := k.controller.Freshness(ctx, own.Record.TermID)
	if err != nil {
		return false, err
	}
	if k.arrivals.observe(own.Record.TermID, known) && k.answering.Load() {
		if err := k.controller.BeatNow(ctx, *own); err != nil {
			k.log.WithError(err).Debug("cannot write a beat for a backup that has just copied all")
		}
	}
	answering := k.answering.Load()
	recorded := k.recorded.Load()
	record := recordOf(own.Record, recorded)
	found := k.members.observe(time.Now(), record, known, answering)
	if next := record.WithFreshness(found).String(); next != own.Record.String() || next != record.String() {
		err := k.controller.UpdateMembers(ctx, *own, found)
		if err == nil {
			k.recorded.CompareAndSwap(recorded, nil) // it is an earlier one now
		}
		return false, err
	}
	return answering && k.members.allFresh(found), nil
}

// recordOf returns the cluster record of this node's term, in which an earlier CIB of the same term may have
// brought members back; the record that this node has kept where the cluster's is not known.
func recordOf(own replication.Record, recorded *replication.Record) replication.Record {
	if recorded != nil && recorded.TermID == own.TermID {
		return *recorded
	}
	return own
}
