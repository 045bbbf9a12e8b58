package supervisor

import (
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// clusterView is the last answer of the cluster.
type clusterView struct {
	state control.SupervisorState
	// queue holds the backups that copy, as they were learnt with the state, while putOff says that
	// this backup waits for its turn.
	queue  replication.CopyQueue
	putOff bool
	// askedAt is when the answer was asked for, answeredAt when it came; zero for never.
	askedAt, answeredAt time.Time
}

// known reports whether the cluster has answered at all.
func (v *clusterView) known() bool { return !v.answeredAt.IsZero() }

// leader returns the promoted node that this one follows, or is to follow now.
func (v *clusterView) leader() replication.Leader {
	if v.putOff {
		return replication.Leader{}
	}
	return v.state.Leader
}

// answer replaces the view.
func (v *clusterView) answer(now time.Time, a answer) {
	v.state, v.queue, v.askedAt, v.answeredAt = a.state, a.queue, a.askedAt, now
}

// ownTermView remembers since when this node leads its term: an answer of the cluster that was
// asked for before does not know of it.
type ownTermView struct {
	termID string
	since  time.Time
}

// outdated reports whether a view that was asked for at askedAt cannot know of the node's own
// term.
func (t *ownTermView) outdated(now, askedAt time.Time, own *replication.OwnTerm) bool {
	if own == nil || !own.Recorded {
		*t = ownTermView{}
		return false
	}
	if t.termID != own.Record.TermID {
		*t = ownTermView{termID: own.Record.TermID, since: now}
	}
	return askedAt.Before(t.since)
}
