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
	// membersInterval is between two looks at the freshness that the backups have published.
	membersInterval = 5 * time.Second
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
}

// observe takes note of the freshness of the other nodes, and returns what follows from that for
// the record. While the servers here do not answer, no backup can compare itself with them:
// answering says that they do.
func (m *members) observe(now time.Time, record replication.Record, known map[string]replication.Freshness, answering bool) map[string]replication.Freshness {
	if m.term != record.TermID {
		*m = members{term: record.TermID, staleSince: map[string]time.Time{}}
		answering = false
	}
	if !answering {
		m.comparableSince = now
	}
	settled := map[string]replication.Freshness{}
	for _, node := range nodesOf(record, known) {
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
	members   members
	arrivals  arrivals
	failures  failureLog
}

// run looks at the members until ctx ends.
func (k *memberKeeper) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := k.review(ctx); ctx.Err() == nil {
			k.failures.log(k.log, time.Now(), logrus.WarnLevel, err,
				"cannot keep the members of the term up to date: a node that is behind may lead next")
		}
		pause(ctx, membersInterval)
	}
}

func (k *memberKeeper) review(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	own, err := k.controller.OwnTerm()
	if err != nil || own == nil || !own.Recorded {
		return err
	}
	known, err := k.controller.Freshness(ctx, own.Record.TermID)
	if err != nil {
		return err
	}
	if k.arrivals.observe(own.Record.TermID, known) && k.answering.Load() {
		if err := k.controller.BeatNow(ctx, *own); err != nil {
			k.log.WithError(err).Debug("cannot write a beat for a backup that has just copied all")
		}
	}
	settled := k.members.observe(time.Now(), own.Record, known, k.answering.Load())
	if own.Record.WithFreshness(settled).String() == own.Record.String() {
		return nil
	}
	return k.controller.UpdateMembers(ctx, settled)
}
