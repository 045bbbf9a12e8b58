package supervisor

import (
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// clusterView is what the supervisor knows of the cluster: its last answer, and the record of
// a promotion of this node since.
type clusterView struct {
	state      control.SupervisorState
	answeredAt time.Time
}

// known reports whether the cluster has answered at all.
func (v *clusterView) known() bool { return !v.answeredAt.IsZero() }

// answer replaces the view. The answer may be older than own, the record of this node's own
// promotion.
func (v *clusterView) answer(now time.Time, state control.SupervisorState, own string) {
	v.state, v.answeredAt = state, now
	v.adopt(own)
}

// adopt takes over the record of this node's own promotion, and reports whether it is later
// than the record known so far.
func (v *clusterView) adopt(own string) bool {
	if !v.known() || !earlier(v.state.Record, own) {
		return false
	}
	v.state.Record, v.state.Leader = own, replication.Leader{}
	return true
}

// earlier reports whether record a is absent or names a lower term than record b. It is false
// if either cannot be read.
func earlier(a, b string) bool {
	one, err := replication.ParseRecord(a)
	if err != nil {
		return false
	}
	other, err := replication.ParseRecord(b)
	return err == nil && other != nil && (one == nil || one.Term < other.Term)
}
