package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"ovndb-servers/pkg/replication"
)

// Outlook holds the facts that this node knows of an election that would be held now.
type Outlook struct {
	replication.Forecast

	// Known says from where the position of each node is known.
	Known map[string]PositionSource
	// Leader is the promoted node; empty if there is none.
	Leader string
	// LeaderHolds are the positions of the promoted node, nil if that is not known.
	LeaderHolds replication.Positions
}

// PositionSource is from where the position of a node is known.
type PositionSource string

// The sources of positions.
const (
	// PositionRead was read in this node's files, or asked of the promoted node's servers.
	PositionRead PositionSource = "read now"
	// PositionFresh is assumed of a backup that says it is fresh: it holds the last beat.
	PositionFresh PositionSource = "fresh by its word"
	// PositionSaid was published by the node, at its start or in the last election: it may hold more.
	PositionSaid PositionSource = "as it said last"
	// PositionUnknown is of a node that has published nothing that can be read.
	PositionUnknown PositionSource = "unknown"
)

// Outlook gathers the facts that an election among the participants would be decided on, without
// holding one. The promoted node, if there is one, is taken for lost; leaderHolds are the positions
// that its servers have answered, nil if that is not known.
func (c *Controller) Outlook(
	ctx context.Context, p replication.Participants, leader string, leaderHolds replication.Positions,
) (Outlook, error) {
	record, err := c.Record(ctx)
	if err != nil {
		return Outlook{}, err
	}
	o := Outlook{
		Forecast: replication.Forecast{Record: record, Absent: p.Absent, Candidates: map[string]replication.Candidate{}},
		Known:    map[string]PositionSource{}, Leader: leader, LeaderHolds: leaderHolds,
	}
	if leader != "" {
		o.Absent = append(slices.Clone(o.Absent), leader)
	}
	for _, node := range p.Nodes {
		if node != leader {
			o.Candidates[node] = replication.Candidate{}
		}
	}
	own, err := c.heldHere(ctx)
	if leader == c.Node {
		o.LeaderHolds = own
	}
	return o, errors.Join(err, o.addPositions(ctx, c, own), o.addUnable(ctx, c), o.addBlessings(ctx, c), o.addScores(ctx, c))
}

// heldHere returns the positions of this node's files; nil if there are none.
func (c *Controller) heldHere(ctx context.Context) (replication.Positions, error) {
	own := replication.Positions{}
	for _, u := range c.Units {
		position, err := c.ReadPosition(ctx, u)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, nil //nolint:nilnil // a node without databases holds nothing
		case err != nil:
			return nil, err
		}
		own[u.Name()] = position
	}
	return own, nil
}

// addPositions sets the positions of the candidates: this node's by its files, the others' as they
// have published them. While a node leads, a backup that has its last beat is taken to hold that
// and no more, whichever node it is: the next change reaches one as well as the other.
func (o *Outlook) addPositions(ctx context.Context, c *Controller, own replication.Positions) error {
	published, err := c.Cluster.Published(ctx, TopicPosition)
	if err != nil {
		return fmt.Errorf("cannot learn the positions of the other nodes: %w", err)
	}
	said, fresh := replication.ReadAnswers(published, ""), map[string]replication.Freshness{}
	if o.Record != nil {
		if fresh, err = c.Freshness(ctx, o.Record.TermID); err != nil {
			return err
		}
	}
	last := o.lastBeat(own)
	for node, candidate := range o.Candidates {
		if node == c.Node {
			candidate.Positions, o.Known[node] = own, PositionRead
			if o.Leader != "" && own.Reaches(last) {
				candidate.Positions = last
			}
		} else {
			candidate.Positions, o.Known[node] = o.reported(node, said[node], fresh[node], last)
		}
		o.Candidates[node] = candidate
	}
	return nil
}

// reported returns the positions that another node is taken to have: if it is fresh, the last beat,
// unless no node leads and it has said more since.
func (o *Outlook) reported(
	node string, said replication.Positions, fresh replication.Freshness, last replication.Positions,
) (replication.Positions, PositionSource) {
	switch {
	case fresh == replication.FreshnessFresh && last != nil && (o.Leader != "" || !o.mayLead(node, said)):
		return last, PositionFresh
	case said == nil:
		return nil, PositionUnknown
	default:
		return said, PositionSaid
	}
}

// lastBeat returns a lower bound on the positions of a backup that is fresh in the record's term;
// nil if that is not known.
func (o *Outlook) lastBeat(own replication.Positions) replication.Positions {
	switch {
	case o.Record == nil:
		return nil
	case o.LeaderHolds != nil:
		return o.LeaderHolds.AtBeat()
	case len(o.Record.End) > 0:
		return o.Record.End
	case own.Current(*o.Record):
		return own.AtBeat()
	default:
		return nil
	}
}

// mayLead reports whether the record lets a node lead by the position that it has published.
func (o *Outlook) mayLead(node string, said replication.Positions) bool {
	return said != nil && o.Record.Bars(node, said) == ""
}

func (o *Outlook) addUnable(ctx context.Context, c *Controller) error {
	unable, err := c.Cluster.Unable(ctx)
	if err != nil {
		return fmt.Errorf("cannot learn which nodes cannot take the role: %w", err)
	}
	for node, candidate := range o.Candidates {
		candidate.Unable = unable[node]
		o.Candidates[node] = candidate
	}
	return nil
}

func (o *Outlook) addBlessings(ctx context.Context, c *Controller) error {
	published, err := c.Cluster.Published(ctx, TopicBlessed)
	if err != nil {
		return fmt.Errorf("cannot learn whether an operator lets a node lead: %w", err)
	}
	o.Blessings = map[string]*replication.Blessing{}
	for node, text := range published {
		if given := replication.ParseBlessing(text); given.Holds(o.Record) {
			o.Blessings[node] = given
		}
	}
	return nil
}

func (o *Outlook) addScores(ctx context.Context, c *Controller) error {
	texts, err := c.Cluster.Scores(ctx)
	if err != nil {
		return err
	}
	o.Scores = map[string]replication.Score{}
	for node, text := range texts {
		if score, ok := replication.ParseScore(text); ok {
			o.Scores[node] = score
		}
	}
	return nil
}

// Nodes returns the nodes of an outlook: the promoted one and those that would take part, by name.
func (o *Outlook) Nodes() []string {
	var nodes []string
	if o.Leader != "" {
		nodes = append(nodes, o.Leader)
	}
	for node := range o.Candidates {
		nodes = append(nodes, node)
	}
	slices.Sort(nodes)
	return nodes
}
