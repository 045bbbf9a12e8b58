package control

import (
	"context"
	"errors"
)

// announce publishes a value of this node, and leaves a note that it did: to withdraw
// a value that was never published would cost a call of the cluster for nothing. On a full disk
// there is room for a note without the value: the other nodes must learn what this one holds, or
// that it is behind, all the same.
func (c *Controller) announce(ctx context.Context, topic Topic, value string) error {
	note := c.announced(topic)
	if err := note.write(value); err != nil {
		if err := errors.Join(err, note.leaveEmpty()); !note.held() {
			return err
		}
		c.warn(err, "this node says again what it has said")
	}
	return c.Cluster.Publish(ctx, topic, value)
}

// withdraw takes back the value that this node has published, if it has.
func (c *Controller) withdraw(ctx context.Context, topic Topic) error {
	n := c.announced(topic)
	if !n.held() {
		return nil
	}
	if err := c.Cluster.Publish(ctx, topic, ""); err != nil {
		return err
	}
	return n.drop()
}
