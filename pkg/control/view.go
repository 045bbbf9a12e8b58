package control

import (
	"context"
	"errors"

	"ovndb-servers/pkg/replication"
)

// ClusterView is the state of the cluster by which an observation of this node's servers is
// judged: asked for at that moment, or as the supervisor has learnt it.
type ClusterView struct {
	record func(context.Context) (*replication.Record, error)
	leader func(context.Context) (replication.Leader, error)
	// term is the state of this node's term, where it is known without the record.
	term *replication.TermState
	// markers says that the markers of all servers are to be read.
	markers bool
}

// LiveView asks the cluster.
func (c *Controller) LiveView() ClusterView {
	return ClusterView{record: c.Record, leader: c.leader}
}

// cachedView asks no cluster: the supervisor's state is the answer.
func (s SupervisorState) cachedView() ClusterView {
	return ClusterView{term: &s.Term, leader: s.knownLeader}
}

// WatchView is the supervisor's own view. Its observations have the markers of all servers.
func (s SupervisorState) WatchView() (ClusterView, error) {
	record, err := replication.ParseRecord(s.Record)
	return ClusterView{
		record:  func(context.Context) (*replication.Record, error) { return record, nil },
		leader:  s.knownLeader,
		markers: true,
	}, err
}

func (s SupervisorState) knownLeader(context.Context) (replication.Leader, error) {
	return s.Leader, nil
}

// Observe observes the servers of this node, whether they may be active, and the node that they
// should follow. It changes nothing.
func (c *Controller) Observe(ctx context.Context, view ClusterView) replication.Observation {
	o := replication.Observation{Servers: c.observeServers(ctx), Promoted: c.promotion().held(), Northd: c.observeNorthd()}
	leading := o.Promoted && len(o.In(replication.ConditionActive)) > 0
	if view.markers || leading && view.term == nil {
		c.readMarkers(ctx, o.Servers)
	}
	if leading {
		o.Term = c.termState(ctx, view, o.Servers)
	}
	if len(o.In(replication.ConditionBackup)) > 0 || view.markers {
		leader, err := view.leader(ctx)
		c.warn(err, "backups are not checked against the promoted node")
		o.Leader = leader
	}
	return o
}

// termState compares the markers of active servers with the cluster record.
func (c *Controller) termState(ctx context.Context, view ClusterView, states []replication.ServerState) replication.TermState {
	if view.term != nil {
		return *view.term
	}
	record, err := view.record(ctx)
	if err != nil {
		c.warn(err, "cannot learn the current term")
		return ""
	}
	return record.StateOf(states)
}

// QueryCluster asks the cluster for its record and the promoted node.
func (c *Controller) QueryCluster(ctx context.Context) (SupervisorState, error) {
	record := background(func() (string, error) { return c.Cluster.Record(ctx) })
	leader, err := c.leader(ctx)
	text, recordErr := record()
	return SupervisorState{Record: text, Leader: leader}, errors.Join(recordErr, err)
}
