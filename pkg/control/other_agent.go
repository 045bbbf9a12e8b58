package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// An operator may put this agent in the place of another one, OVN's shell agent as a rule, while the
// servers run. Its servers are then the resource's, and it has published nothing, and keeps no terms. The
// first version of this agent counts as another one: see earlier_version.go.

// startedElsewhere reports whether a server was started by another agent of the resource.
func (u Unit) startedElsewhere(s replication.ServerState) bool {
	return s.PID != 0 && s.Foreign == "" && u.Files.StartedElsewhere(s.PID)
}

// activeForOtherAgent reports whether servers are active, or may be, that another agent has started, on a
// node that leads no term.
func (c *Controller) activeForOtherAgent(ctx context.Context) bool {
	if c.Promoted() {
		return false
	}
	return slices.Contains(parallel.Map(c.Units, func(u Unit) bool {
		pid, err := u.Running()
		if err != nil || pid == 0 || u.foreign() != nil || !u.Files.StartedElsewhere(pid) {
			return false
		}
		asking, cancel := withBudget(ctx, answerFraction, answerTimeout)
		defer cancel()
		status, err := u.Server.SyncStatus(asking)
		return err != nil || status.Role == ovsdbctl.RoleActive
	}), true)
}

// promotedElsewhere reports whether another agent has promoted this node: its servers are active,
// Pacemaker has the instance promoted, no other node has published that it leads, and the data has seen
// the start of the recorded term, if there is one. Servers that a superseded node could not make read-only
// have not. Clients are served meanwhile: where the cluster cannot be asked, or this node's partition has no
// quorum, whose CIB must not outrun that of the others, waits says so.
func (c *Controller) promotedElsewhere(ctx context.Context, states []replication.ServerState) (promoted bool, waits string) {
	for i, u := range c.Units {
		active := states[i].Condition == replication.ConditionActive || states[i].Condition == replication.ConditionBusy
		if !active || !u.startedElsewhere(states[i]) {
			return false, ""
		}
	}
	nodes, err := c.Cluster.Published(ctx, TopicActive)
	delete(nodes, c.Node) // by the first version of this agent
	if err == nil && len(nodes) > 0 {
		return false, ""
	}
	record, recordErr := c.Record(ctx)
	held, heldErr := c.terms(ctx)
	quorate, quorumErr := c.Cluster.Quorate(ctx)
	if err := errors.Join(err, recordErr, heldErr, quorumErr); err != nil {
		return true, "this cannot be decided yet: " + err.Error()
	}
	if record != nil && !held.Current(*record) {
		c.Log.WithField("recorded", record.Describe()).Error(
			"the servers are active with data that has not seen the start of the recorded term, and are not taken over")
		return false, ""
	}
	if !quorate {
		return true, "its first term waits for quorum, see: corosync-quorumtool -s"
	}
	return true, ""
}

// takeServers makes the servers of another agent this one's: the state of the resource has a place,
// and nothing but the supervisor restarts a server.
func (c *Controller) takeServers(ctx context.Context, states []replication.ServerState) error {
	var errs []error
	prepared := false
	for i, u := range c.Units {
		if !u.startedElsewhere(states[i]) {
			continue
		}
		if !prepared {
			errs, prepared = append(errs, c.prepareState()), true
		}
		ended, err := process.EndMonitorProcess(ctx, states[i].PID)
		errs = append(errs, err)
		if ended {
			c.Log.WithField("db", u.Name()).WithField("pid", states[i].PID).
				Info("ended the process by which another agent had this server restarted; the supervisor restarts it from now on")
		}
	}
	return errors.Join(errs...)
}

// takeOver begins a term on a node that another agent has promoted, with the data that it serves. Its
// clients notice nothing. The backups follow once it has published its address.
func (c *Controller) takeOver(ctx context.Context) error {
	still, stop := watchStandstill(ctx)
	defer stop()
	record, text, err := c.readRecord(ctx)
	if err != nil {
		return fmt.Errorf("cannot take over from another agent: %w", err)
	}
	held, err := c.terms(ctx)
	if err != nil {
		return fmt.Errorf("cannot take over from another agent: %w", err)
	}
	if record != nil && !held.Current(*record) {
		return fmt.Errorf("cannot take over from another agent: the data here has not seen the start of the recorded %s", record.Describe())
	}
	e := replication.Election{
		Record: record, Self: c.Node, Candidates: map[string]replication.Candidate{c.Node: {Positions: held}},
	}
	own := e.Begin(uuid.NewString)
	if err := own.Record.Succeeds(record); err != nil {
		return err
	}
	if err := c.noteBegun(own.Record); err != nil {
		return fmt.Errorf("cannot take over from another agent: %w", err)
	}
	// The servers are active already, and clients are served: an own term that is not recorded, which a
	// take-over that is cut short leaves, would have the next monitor make them read-only.
	if err := c.takeLead(ctx, text, own, still); err != nil {
		return fmt.Errorf("cannot take over from another agent: %w", err)
	}
	c.Log.WithField("term", own.Record.Term).Warn("this node goes on with what another agent has promoted, and begins a term")
	return c.serve(ctx, own.Record.Term, still)
}

// otherAgentDelay is how long answers are waited for before a node that has never published
// anything is taken for one of another agent.
const otherAgentDelay = 4 * time.Second

// addOtherAgents marks the nodes that run another agent: they have never published their position,
// as each start of this one does. Where a term was ever recorded, no data without one can lead.
func (e *election) addOtherAgents(published map[string]string) {
	if e.Record != nil {
		return
	}
	for node, candidate := range e.Candidates {
		if published[node] == "" && node != e.Self && candidate.Positions == nil {
			candidate.Unable = "it has published nothing, so that another agent runs there"
			e.Candidates[node] = candidate
		}
	}
	e.decision = e.Decide()
}

// ofOtherAgent reports whether a source is the virtual address, which no node publishes: see
// [Controller.virtualSources].
func (c *Controller) ofOtherAgent(u Unit, source string) bool {
	master := c.Listening.MasterIP
	return master.IsValid() && source == u.Endpoint.Source(master)
}

// tableSSL has the files for TLS, which are no data.
const tableSSL = "SSL"

// blank reports whether a source has no rows but those by which agents make it reachable.
func blank(ctx context.Context, u Unit, source *ovsdbctl.Store, schema ovsdbctl.Schema) (bool, error) {
	tables := slices.DeleteFunc(slices.Sorted(maps.Keys(schema.Columns)), func(table string) bool {
		return table == u.Server.Database.GlobalTable || table == ovsdbctl.ConnectionTable || table == tableSSL
	})
	return source.Empty(ctx, tables)
}

// keepBeforeOtherAgent keeps a snapshot of the backups that follow the virtual address, before another
// agent promotes a node: the address moves there, and they copy its data without asking this agent.
func (c *Controller) keepBeforeOtherAgent(ctx context.Context) error {
	return c.forEachUnit(ctx, func(ctx context.Context, u Unit) error {
		if u.stopped() || !c.Listening.MasterIP.IsValid() {
			return nil
		}
		status, err := u.Server.SyncStatus(ctx)
		if err != nil || !status.Follows(u.Endpoint.Source(c.Listening.MasterIP)) {
			return err
		}
		err = c.snapshot(ctx, u, replication.Admission{
			Snapshot: "the virtual address moves to a node that another agent promotes", Why: replication.SnapshotOtherAgent,
		})
		if err != nil {
			return errors.Join(err, c.park(ctx, u))
		}
		return nil
	})
}
