package main

import (
	"context"
	"slices"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/supervisor"
)

// addMetrics adds the metrics of this node. What only its supervisor knows is left out.
func (r *report) addMetrics(ctx context.Context, c *control.Controller, o replication.Observation) {
	_, state, err := c.Supervisor()
	if err != nil {
		state = control.SupervisorState{}
	}
	v := replication.Assess(o).Degraded(state.Reasons...)
	r.metrics = metrics.Snapshot{
		Resource: r.Resource, Node: r.Node, Version: version(), At: time.Now(), State: r.state(v, o),
		Healthy: v.Health == replication.HealthActive || v.Health == replication.HealthBackup,
	}
	if r.record != nil {
		r.metrics.RecordTerm, r.metrics.RecordMembers = metrics.Known(r.record.Term), metrics.Known(len(r.record.Members))
	}
	if r.Northd != nil && r.Northd.Managed {
		r.metrics.NorthdRunning = metrics.Bool(r.Northd.PID != 0)
	}
	i := slices.IndexFunc(r.Cluster.Nodes, func(n nodeReport) bool { return n.Name == r.Node && n.Score != nil })
	if i >= 0 {
		r.metrics.Score = metrics.Known(*r.Cluster.Nodes[i].Score)
	}
	measures := c.Measure(ctx)
	for i, s := range o.Servers {
		d := r.databaseMetrics(i, s, o)
		d.Measures = supervisor.MetricsOf(measures[s.Database])
		if err == nil && d.Source != "" {
			d.Behind = behindFor(state.BehindSince[s.Database])
		}
		r.metrics.Databases = append(r.metrics.Databases, d)
	}
}

// behindFor returns for how many seconds a backup has been behind since a time; the zero time is for
// not at all.
func behindFor(since time.Time) *float64 {
	if since.IsZero() {
		return metrics.Known(0)
	}
	return metrics.Known(max(time.Since(since), 0).Seconds())
}

// state is the node's state, by its servers and its data alone: the supervisor also proves the disk
// and the listeners of an active.
func (r *report) state(v replication.Verdict, o replication.Observation) replication.State {
	if v.Health == replication.HealthStopped {
		return ""
	}
	for _, row := range r.Copies {
		if row.Node == r.Node && row.State != stateFresh {
			v.Stale = true
		}
	}
	return v.State(o.Leader, o.AllActive())
}

func (r *report) databaseMetrics(i int, s replication.ServerState, o replication.Observation) metrics.Database {
	d := metrics.Database{
		Name: s.Database, Role: s.Condition,
		Writable: s.Condition == replication.ConditionActive && o.Promoted() && o.Term == replication.TermHeld,
	}
	if position := r.Servers[i].position; position != nil && position.Marked() {
		d.Term = metrics.Known(position.Term)
	}
	if current := r.Servers[i].Current; current != nil {
		d.Current = metrics.Bool(*current)
	}
	if s.Condition == replication.ConditionBackup && o.Leader.Node != "" && s.Source == o.Leader.Sources[s.Database] {
		d.Source = s.Source
	}
	return d
}
