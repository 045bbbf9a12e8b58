package control

import (
	"context"
	"errors"
	"fmt"

	"ovndb-servers/pkg/replication"
)

// ErrNoReason is returned when a blessing is given without a reason.
var ErrNoReason = errors.New("a reason is needed, which is kept in the log and in the cluster record")

// Bless lets this node's data lead once, and makes the cluster choose this node.
// The next promotion here takes the word up; the promotion of another node, or
// following one, makes it void.
func (c *Controller) Bless(ctx context.Context, reason string) error {
	given := replication.Blessing{Reason: replication.CleanReason(reason)}
	if given.Reason == "" {
		return ErrNoReason
	}
	record, err := c.Record(ctx)
	if err != nil {
		return err
	}
	if record != nil {
		given.TermID = record.TermID
	}
	defer c.poke()
	if err := c.announce(ctx, TopicBlessed, given.String()); err != nil {
		return fmt.Errorf("cannot bless this node's data: %w", err)
	}
	c.Log.WithField("reason", given.Reason).WithField("record", record.Describe()).Warn("an operator lets this node's data lead once")
	if err := c.Cluster.SetScore(ctx, "", replication.ScoreElected); err != nil {
		return fmt.Errorf("this node's data is blessed, but its promotion score cannot be set: %w", err)
	}
	return nil
}

// WithdrawBlessing takes an operator's word back, and the promotion score with
// it: the supervisor, or the next monitor without one, sets the one that the data is worth.
func (c *Controller) WithdrawBlessing(ctx context.Context) error {
	defer c.poke()
	if err := c.withdraw(ctx, TopicBlessed); err != nil {
		return fmt.Errorf("cannot withdraw the blessing: %w", err)
	}
	c.Log.Warn("an operator has withdrawn the word that this node's data may lead")
	if err := c.Cluster.ClearScore(ctx); err != nil {
		return fmt.Errorf("the blessing is withdrawn, but the promotion score cannot be removed: %w", err)
	}
	return nil
}

// blessing returns the operator's word for this node's data; nil if there is none
// or if it is void.
func (c *Controller) blessing(ctx context.Context, record *replication.Record) (*replication.Blessing, error) {
	if !c.announced(TopicBlessed).held() {
		return nil, nil //nolint:nilnil // no blessing is no error
	}
	published, err := c.Cluster.Published(ctx, TopicBlessed)
	if err != nil {
		return nil, err
	}
	if given := replication.ParseBlessing(published[c.Node]); given.Holds(record) {
		return given, nil
	}
	return nil, nil //nolint:nilnil // no blessing is no error
}

// blessed reports whether an operator lets this node's data lead.
func (c *Controller) blessed(ctx context.Context) bool {
	if !c.announced(TopicBlessed).held() {
		return false
	}
	record, err := c.Record(ctx)
	if err == nil {
		var given *replication.Blessing
		given, err = c.blessing(ctx, record)
		if given != nil {
			return true
		}
	}
	c.warn(err, "cannot learn whether an operator lets this node's data lead")
	return false
}
