package control

import (
	"context"
	"fmt"
	"strings"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// ObserveWithMarkers observes the servers in the light of the supervisor's state, and reads
// their term markers. It asks no cluster and changes nothing.
func (c *Controller) ObserveWithMarkers(ctx context.Context, state SupervisorState) (replication.Observation, map[string]*replication.Marker) {
	o := c.Observe(ctx, state.View())
	return o, c.Markers(ctx, o.Servers)
}

// Repair repairs the faults that v found, and that a new observation still finds. While another
// action is under way it makes only the repairs that cannot wait.
func (c *Controller) Repair(ctx context.Context, v replication.Verdict) (replication.Observation, replication.Verdict) {
	return c.repair(ctx, v, observing{})
}

// Publish brings this node's promotion score, and an active node's address, in line
// with a verdict, unless another action is under way, one has begun or ended the term since the
// observation, or this node leaves its role: then it returns false. The error is for a value that the cluster has not taken, which is logged.
func (c *Controller) Publish(ctx context.Context, v replication.Verdict, leader replication.Leader) (done bool, err error) {
	unlock, ok, err := c.tryLock()
	if err != nil || !ok {
		return false, nil
	}
	defer unlock()
	if !c.leadsStill(v.OwnTermID) || c.leavesRole() {
		return false, nil
	}
	return true, c.publishScore(ctx, v, leader)
}

// WatchSource keeps a session to the replication listener of the promoted node and sends each
// marker that it finds there, nil for none, until ctx or the session ends. It returns the error
// of the session, which ends also if the promoted node falls silent.
func (c *Controller) WatchSource(ctx context.Context, u Unit, source string, markers chan<- *replication.Marker) error {
	store, err := u.OpenSource(ctx, source)
	if err != nil {
		return err
	}
	defer store.Close()
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	updates := make(chan map[string]string)
	ended := make(chan error, 1)
	go func() { ended <- store.WatchGlobal(watching, updates) }()
	ticker := time.NewTicker(sourceProbe)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ticker.C:
			if err := probeSource(ctx, store); err != nil {
				return err
			}
		case global := <-updates:
			select {
			case markers <- replication.ReadableMarker(global):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

const (
	// sourceProbe is between two questions to the promoted node: a session over a network that is
	// cut off does not end by itself.
	sourceProbe        = time.Second
	sourceProbeTimeout = 2 * time.Second
)

func probeSource(ctx context.Context, store *ovsdbctl.Store) error {
	ctx, cancel := context.WithTimeout(ctx, sourceProbeTimeout)
	defer cancel()
	_, err := store.Global(ctx)
	return err
}

// The freshness that a backup publishes for the term of the promoted node that it compares
// itself with: "TERM-ID fresh" or "TERM-ID behind".
const (
	freshnessFresh  = "fresh"
	freshnessBehind = "behind"
)

// PublishFreshness tells the promoted node whether this backup is up to date in its term.
func (c *Controller) PublishFreshness(ctx context.Context, termID string, fresh bool) error {
	word := freshnessBehind
	if fresh {
		word = freshnessFresh
	}
	return c.announce(ctx, TopicFreshness, termID+" "+word)
}

// PublishState shows the state of this node in the cluster's status.
func (c *Controller) PublishState(ctx context.Context, state replication.State) error {
	return c.announce(ctx, TopicState, string(state))
}

// States returns the states of all nodes, as their supervisors have published them.
func (c *Controller) States(ctx context.Context) (map[string]replication.State, error) {
	published, err := c.Cluster.Published(ctx, TopicState)
	if err != nil {
		return nil, fmt.Errorf("cannot learn the states of the nodes: %w", err)
	}
	states := map[string]replication.State{}
	for node, text := range published {
		states[node] = replication.State(text)
	}
	return states, nil
}

// Freshness returns the freshness of the other nodes in a term, as they have published it.
// A node that has published none is not in it.
func (c *Controller) Freshness(ctx context.Context, termID string) (map[string]replication.Freshness, error) {
	found, err := c.AllFreshness(ctx, termID)
	delete(found, c.Node)
	return found, err
}

// AllFreshness is [Controller.Freshness] of this node as well.
func (c *Controller) AllFreshness(ctx context.Context, termID string) (map[string]replication.Freshness, error) {
	published, err := c.Cluster.Published(ctx, TopicFreshness)
	if err != nil {
		return nil, fmt.Errorf("cannot learn how fresh the other nodes are: %w", err)
	}
	found := map[string]replication.Freshness{}
	for node, text := range published {
		term, word, _ := strings.Cut(text, " ")
		found[node] = replication.FreshnessStale
		if term == termID && word == freshnessFresh {
			found[node] = replication.FreshnessFresh
		}
	}
	return found, nil
}

// UpdateMembers swaps the members that follow from the nodes' freshness in the term began into the cluster
// record of that. It changes nothing while another action is under way.
func (c *Controller) UpdateMembers(ctx context.Context, began replication.OwnTerm, known map[string]replication.Freshness) error {
	unlock, ok, err := c.tryLockInTerm(began)
	if err != nil || !ok {
		return err
	}
	defer unlock()
	own, record, text, err := c.heldRecord(ctx)
	if err != nil || record == nil {
		return err
	}
	next := record.WithFreshness(known)
	if next.String() == text {
		return c.keepMembers(*own, next) // a call may have been cut short before that
	}
	// The CIB of a partition without quorum must not outrun that of the others.
	if quorate, err := c.Cluster.Quorate(ctx); err != nil || !quorate {
		return err
	}
	if err := c.swapRecord(ctx, text, next.String()); err != nil {
		return fmt.Errorf("cannot record the members of the term: %w", err)
	}
	c.Log.WithField("members", strings.Join(next.Members, ",")).Warn("the members of the term have changed: only they may lead next")
	return c.keepMembers(*own, next)
}

// keepMembers keeps the record of this node's term as it was swapped in: it comes back as it is kept.
func (c *Controller) keepMembers(own replication.OwnTerm, recorded replication.Record) error {
	if own.Record.String() == recorded.String() {
		return nil
	}
	own.Record = recorded
	return c.saveOwnTerm(own)
}

// heldRecord returns the term that this node leads and the cluster record of it, as text as well;
// nil if the record is not of this node's term.
func (c *Controller) heldRecord(ctx context.Context) (own *replication.OwnTerm, record *replication.Record, text string, err error) {
	own, err = c.OwnTerm()
	if err != nil || own == nil || !own.Recorded {
		return nil, nil, "", err
	}
	record, text, err = c.readRecord(ctx)
	if err != nil || own.Judge(record) != replication.TermHeld {
		return nil, nil, "", err
	}
	return own, record, text, nil
}
