package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// CopyQueue asks the cluster which backups copy the data of the promoted node, and the virtual
// address whether clients are served there.
func (c *Controller) CopyQueue(ctx context.Context, state SupervisorState) (replication.CopyQueue, error) {
	record, err := replication.ParseRecord(state.Record)
	if err != nil || record == nil {
		return replication.CopyQueue{}, err
	}
	q := replication.CopyQueue{Node: c.Node, Record: record}
	var running map[string]string
	var errs [2]error
	parallel.Do(
		// A node publishes its position from its start to its stop.
		func() { running, errs[0] = c.Cluster.Published(ctx, TopicPosition) },
		func() { q.Copied, errs[1] = c.Freshness(ctx, record.TermID) },
		func() { q.ClientsServed = c.clientsServed(ctx) },
	)
	if err := errors.Join(errs[:]...); err != nil {
		return replication.CopyQueue{}, fmt.Errorf("cannot learn which backups copy first: %w", err)
	}
	q.Running = slices.Sorted(maps.Keys(running))
	return q, nil
}

// reachTimeout is how long the virtual address gets to accept a session. While no node has it,
// nothing may answer at all.
const reachTimeout = time.Second

// clientsServed reports whether all databases are served under the virtual address.
func (c *Controller) clientsServed(ctx context.Context) bool {
	if !c.Listening.MasterIP.IsValid() {
		return true // clients come to the nodes' addresses, or the configuration is broken: none is waited for
	}
	ctx, cancel := withBudget(ctx, answerFraction, reachTimeout)
	defer cancel()
	return c.forEachUnit(ctx, func(ctx context.Context, u Unit) error {
		return ovsdbctl.Reach(ctx, u.Endpoint.Source(c.Listening.MasterIP))
	}) == nil
}

// DatabaseSize returns the size of the largest database file of this node, in bytes. The time of a
// copy goes by that.
func (c *Controller) DatabaseSize() int64 {
	var largest int64
	for _, u := range c.Units {
		if size, err := fileSize(u); err == nil {
			largest = max(largest, size)
		}
	}
	return largest
}

// Retire ends the sessions of clients that this node's servers still have from when they were
// active, as following does, for a backup that does not follow yet. It returns false while another
// action is under way, and does nothing on a promoted node.
func (c *Controller) Retire(ctx context.Context) (bool, error) {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return false, err
	}
	defer unlock()
	if c.Promoted() {
		return true, nil
	}
	return true, c.forEachUnit(ctx, c.closeListenersIfRunning)
}
