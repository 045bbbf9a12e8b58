package control

import (
	"context"
)

// announce publishes a value of this node, and leaves a note that it did: to withdraw
// a value that was never published would cost a call of the cluster for nothing.
func (c *Controller) announce(ctx context.Context, topic Topic, value string) error {
	if err := c.announced(topic).write(value); err != nil {
		return err
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
