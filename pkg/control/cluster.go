package control

import (
	"context"
	"errors"

	"ovndb-servers/pkg/replication"
)

// Cluster is the part of the cluster manager that the controller needs. All calls are
// bounded by their context.
type Cluster interface {
	// Publish makes a value of this node known to all nodes; the empty string
	// withdraws it. It is forgotten when the node leaves the cluster.
	Publish(ctx context.Context, topic Topic, value string) error
	// Published returns the values of a topic by node name.
	Published(ctx context.Context, topic Topic) (map[string]string, error)
	// SetScore sets a node's promotion score, ClearScore removes this node's.
	SetScore(ctx context.Context, node string, score replication.Score) error
	ClearScore(ctx context.Context) error
	// KeepScore sets this node's promotion score, and has it written again if the scheduler cannot see it.
	KeepScore(ctx context.Context, score replication.Score) error
	// Scores returns the promotion scores by node name; ScoreInCIB this node's
	// as the scheduler sees it, empty if it has none.
	Scores(ctx context.Context) (map[string]string, error)
	ScoreInCIB(ctx context.Context) (string, error)
	// Record returns the cluster record, empty if there is none.
	Record(ctx context.Context) (string, error)
	// SwapRecord puts record in the place of old, for all nodes and for good; old is empty if
	// there is none. It returns ErrRecordChanged if the cluster's record is another one.
	SwapRecord(ctx context.Context, old, record string) error
	// ForgiveFailedPromotion makes the cluster forget that a promotion failed
	// on this node.
	ForgiveFailedPromotion(ctx context.Context) error
	// Unable returns the nodes that cannot take the promoted role, with the reason: their last
	// start or promotion failed, the resource is not managed there, or a constraint forbids it.
	Unable(ctx context.Context) (map[string]string, error)
	// PromotedNode returns the node on which the cluster has the resource promoted; empty if there is none,
	// more than one, or that node is lost.
	PromotedNode(ctx context.Context) (string, error)
	// Quorate reports whether this node's partition of the cluster has quorum.
	Quorate(ctx context.Context) (bool, error)
	// Managed reports whether the cluster manages the resource on a node: neither the cluster
	// nor the node or the resource is in maintenance, and is-managed holds.
	Managed(ctx context.Context, node string) (bool, error)
	// RecordWhereManaged returns the cluster record, and reports whether the cluster has nothing by which it
	// could leave an instance alone. It costs as much as the record alone.
	RecordWhereManaged(ctx context.Context) (text string, managed bool, err error)
	// Fail tells the cluster that the resource has failed on a node.
	Fail(ctx context.Context, node string) error
}

// ErrRecordChanged is returned for a swap of the cluster record that came too late: another node,
// or an operator, has changed it meanwhile.
var ErrRecordChanged = errors.New("the cluster record has changed")

// Topic is a kind of value that nodes publish.
type Topic string

// The topics.
const (
	// TopicActive is where a promoted node's databases are replicated from:
	// Sources.
	TopicActive Topic = "active"
	// TopicRound names the election the chosen node holds.
	TopicRound Topic = "round"
	// TopicPosition is a node's answer to an election: the round and Positions.
	TopicPosition Topic = "position"
	// TopicFreshness is whether a backup is up to date in the promoted node's term.
	TopicFreshness Topic = "freshness"
	// TopicSchemas is which schemas a node's package of OVN brings, and which versions run there: Schemas
	// and Versions.
	TopicSchemas Topic = "schemas"
	// TopicState is the node's state for people and dashboards, a [replication.State]. It is visible
	// in the cluster's status, and read by the tool to show it.
	TopicState Topic = "state"
	// TopicBlessed is an operator's word that this node's data may lead: Blessing.
	TopicBlessed Topic = "blessed"
)

// Alone is a node without a cluster: a value that is published reaches no other. It
// serves tests of the agent outside of a cluster.
type Alone struct{}

var _ Cluster = Alone{}

// Publish implements Cluster.
func (Alone) Publish(context.Context, Topic, string) error { return nil }

// Published implements Cluster.
func (Alone) Published(context.Context, Topic) (map[string]string, error) {
	return map[string]string{}, nil
}

// SetScore implements Cluster.
func (Alone) SetScore(context.Context, string, replication.Score) error { return nil }

// KeepScore implements Cluster.
func (Alone) KeepScore(context.Context, replication.Score) error { return nil }

// PromotedNode implements Cluster.
func (Alone) PromotedNode(context.Context) (string, error) { return "", nil }

// Quorate implements Cluster.
func (Alone) Quorate(context.Context) (bool, error) { return true, nil }

// Managed implements Cluster.
func (Alone) Managed(context.Context, string) (bool, error) { return true, nil }

// RecordWhereManaged implements Cluster.
func (Alone) RecordWhereManaged(context.Context) (text string, managed bool, err error) {
	return "", true, nil
}

// ClearScore implements Cluster.
func (Alone) ClearScore(context.Context) error { return nil }

// Scores implements Cluster.
func (Alone) Scores(context.Context) (map[string]string, error) { return map[string]string{}, nil }

// ScoreInCIB implements Cluster.
func (Alone) ScoreInCIB(context.Context) (string, error) { return "", nil }

// Record implements Cluster.
func (Alone) Record(context.Context) (string, error) { return "", nil }

// SwapRecord implements Cluster.
func (Alone) SwapRecord(context.Context, string, string) error { return nil }

// ForgiveFailedPromotion implements Cluster.
func (Alone) ForgiveFailedPromotion(context.Context) error { return nil }

// Unable implements Cluster.
func (Alone) Unable(context.Context) (map[string]string, error) { return map[string]string{}, nil }

// Fail implements Cluster.
func (Alone) Fail(context.Context, string) error { return nil }
