package supervisor

import (
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// clusterView is the last answer of the cluster.
type clusterView struct {
	state control.SupervisorState
	// askedAt is when the answer was asked for, answeredAt when it came; zero for never.
	askedAt, answeredAt time.Time
}

// known reports whether the cluster has answered at all.
func (v *clusterView) known() bool { return !v.answeredAt.IsZero() }

// answer replaces the view.
func (v *clusterView) answer(now time.Time, a answer) {
	v.state, v.askedAt, v.answeredAt = a.state, a.askedAt, now
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
