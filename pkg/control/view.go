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
	// restarting says that the supervisor is restarting a server in place.
	restarting bool
	// leaderless says that no node has led for long enough to say why; a node that has just been
	// promoted is not known at once.
	leaderless bool
}

// LiveView asks the cluster.
func (c *Controller) LiveView() ClusterView {
	return ClusterView{record: c.Record, leader: c.leader, leaderless: true}
}

// View is the supervisor's view.
func (s SupervisorState) View() ClusterView {
	return ClusterView{
		record:     func(context.Context) (*replication.Record, error) { return replication.ParseRecord(s.Record) },
		leader:     func(context.Context) (replication.Leader, error) { return s.Leader, nil },
		restarting: s.Restarting,
		leaderless: s.Leaderless,
	}
}

// observing is the purpose of an observation.
type observing struct {
	// expectPromoted says that Pacemaker believes the instance to be promoted, probe that it
	// only looks for the resource.
	expectPromoted, probe bool
	// locked says that the caller holds the action lock.
	locked bool
}

// Observe observes the servers of this node, the term that it leads, and the node that its
// backups should follow. It changes nothing.
func (c *Controller) Observe(ctx context.Context, view ClusterView) replication.Observation {
	return c.observe(ctx, view, observing{})
}

func (c *Controller) observe(ctx context.Context, view ClusterView, purpose observing) replication.Observation {
	o := replication.Observation{
		Servers: c.observeServers(ctx), Northd: c.observeNorthd(),
		ExpectPromoted: purpose.expectPromoted, Probe: purpose.probe,
		Acting: !purpose.locked && c.Acting(), Restart: view.restarting,
	}
	own, promoting, err := c.ownTermBegun()
	if err != nil {
		c.Log.WithError(err).Error("this node may lead a term that it does not know")
		own = &replication.OwnTerm{}
	}
	o.Own, o.Promoting = own, promoting
	if own != nil {
		o.Term = c.judgeTerm(ctx, view, own)
	}
	c.observeNorthdWaits(ctx, &o)
	if own == nil && err == nil && purpose.expectPromoted {
		o.SteppedBack = c.steppedBack().heldFor(demotionWait)
		o.OtherAgent, o.TakeOverWaits = c.promotedElsewhere(ctx, o.Servers)
	}
	c.observeLeader(ctx, view, &o)
	if own == nil && view.leaderless && o.Leader.Node == "" && o.All(replication.ConditionBackup) {
		o.NoLeader, o.Barred = c.noLeader().read(), c.barred(ctx, view)
	}
	return o
}

// observeLeader learns which other node is promoted, where that matters.
func (c *Controller) observeLeader(ctx context.Context, view ClusterView, o *replication.Observation) {
	if len(o.In(replication.ConditionBackup)) == 0 && o.Term != replication.TermOver {
		return
	}
	leader, err := view.leader(ctx)
	c.warn(err, "backups are not checked against the promoted node")
	o.Leader = leader
}

// ownTermBegun returns the term that this node leads by its own state, and whether the promotion is
// under way that began it. One that is still not recorded after its promotion was not seen at work has
// been cut short: only that promotion could have recorded it.
func (c *Controller) ownTermBegun() (own *replication.OwnTerm, promoting bool, err error) {
	own, err = c.OwnTerm()
	if err != nil || own == nil || own.Recorded {
		return own, false, err
	}
	if c.locked(statePromotion) {
		return own, true, nil
	}
	again, err := c.OwnTerm()
	cutShort := err == nil && again != nil && !again.Recorded && again.Record.TermID == own.Record.TermID
	return again, !cutShort, err
}

// judgeTerm holds the term of this node against the cluster record.
func (c *Controller) judgeTerm(ctx context.Context, view ClusterView, own *replication.OwnTerm) replication.TermState {
	record, err := view.record(ctx)
	if err != nil {
		c.warn(err, "cannot learn the current term")
		return ""
	}
	return own.Judge(record)
}

// barred returns why this node's data must not lead; empty if it may, or if that is not known.
func (c *Controller) barred(ctx context.Context, view ClusterView) string {
	record, err := view.record(ctx)
	if err != nil || record == nil {
		return ""
	}
	held, err := c.positions(ctx)
	if err != nil || held.Term() > record.Term || c.blessed(ctx) || c.mayLeadBehind() {
		return ""
	}
	return record.Bars(c.Node, held)
}

// Unchanged asks the cluster whether its record is that of the state, or of the term that this node leads,
// and it manages the resource as in the state. A false answer means that it may have changed, or that the
// cluster does not answer.
func (c *Controller) Unchanged(ctx context.Context, known SupervisorState) bool {
	text, managed, err := c.Cluster.RecordWhereManaged(ctx)
	if err != nil || !managed || known.Unmanaged {
		return false
	}
	if text == known.Record {
		return true
	}
	own, err := c.OwnTerm()
	return err == nil && own != nil && own.Recorded && own.Record.String() == text
}

// QueryCluster asks the cluster for its record and the promoted node, and on a promoted node, or where
// monitors are missing, for whether it manages the resource there.
func (c *Controller) QueryCluster(ctx context.Context) (SupervisorState, error) {
	type held struct {
		text      string
		unmanaged bool
	}
	record := background(func() (h held, err error) {
		h.text, h.unmanaged, err = c.recordAndManagement(ctx)
		return h, err
	})
	nodes, err := c.published(ctx)
	var leader replication.Leader
	if err == nil {
		leader, err = c.leaderAmong(ctx, nodes)
	}
	h, recordErr := record()
	if known, err := replication.ParseRecord(h.text); recordErr == nil && err == nil {
		c.noteTerm(known)
	}
	return SupervisorState{
		Record: h.text, Leader: leader, Unmanaged: h.unmanaged, AddressLost: err == nil && c.Promoted() && nodes[c.Node] == "",
	}, errors.Join(recordErr, err)
}

// recordAndManagement returns the cluster record, and where that matters, whether the cluster leaves this
// node alone. It runs one program unless something in the CIB could have it do that.
func (c *Controller) recordAndManagement(ctx context.Context) (text string, unmanaged bool, err error) {
	if !c.Promoted() && !c.monitorsMissing() {
		text, err = c.Cluster.Record(ctx)
		return text, false, err
	}
	text, managed, err := c.Cluster.RecordWhereManaged(ctx)
	if err != nil || managed {
		return text, false, err
	}
	managed, err = c.Cluster.Managed(ctx, c.Node)
	c.warn(err, "the resource is taken for managed: without the local cluster stack, clients are dismissed")
	return text, err == nil && !managed, nil
}
