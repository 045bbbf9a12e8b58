package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
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
		return c.Cluster.Publish(ctx, topic, value) // the note may be an earlier one
	}
	return c.publishNoted(ctx, topic, value)
}

// publishNoted publishes a value that was noted. An action or the supervisor that has noted another one meanwhile
// has the last word, in whichever order the cluster has taken the two.
func (c *Controller) publishNoted(ctx context.Context, topic Topic, value string) error {
	for {
		if err := c.Cluster.Publish(ctx, topic, value); err != nil {
			return err
		}
		noted := c.announced(topic).read()
		if noted == "" || noted == strings.TrimSpace(value) {
			return nil
		}
		value = noted
	}
}

// RenewPosition publishes again what this node has said last of its data, which the cluster may have lost: the
// answer to an election, and that its servers run.
func (c *Controller) RenewPosition(ctx context.Context) error {
	said := c.announced(TopicPosition).read()
	if said == "" {
		return nil
	}
	if err := c.publishNoted(ctx, TopicPosition, said); err != nil {
		return fmt.Errorf("cannot publish again what this node holds: %w", err)
	}
	return nil
}

// withdraw takes back the value that this node has published, if it has, or may have: without the note of
// the boot, those in its directory have been lost.
func (c *Controller) withdraw(ctx context.Context, topic Topic) error {
	return c.withdrawBy(topic, func() error { return c.Cluster.Publish(ctx, topic, "") })
}

// withdrawTimeout is for how long a daemon of Pacemaker's that refuses is asked again.
const withdrawTimeout = 2 * time.Second

// withdrawAtLast is withdraw for a node that says nothing more by itself: a backup that is stopped and goes on
// being fresh would stay a member of the term.
func (c *Controller) withdrawAtLast(ctx context.Context, topic Topic) error {
	began := time.Now()
	return c.withdrawBy(topic, func() error {
		return await(ctx, func(ctx context.Context) error {
			err := c.Cluster.Publish(ctx, topic, "")
			if err != nil && time.Since(began) >= withdrawTimeout {
				return backoff.Permanent(err)
			}
			return err
		})
	})
}

func (c *Controller) withdrawBy(topic Topic, publish func() error) error {
	n := c.announced(topic)
	if !n.held() && c.bootNote().held() {
		return nil
	}
	if err := publish(); err != nil {
		return err
	}
	return n.drop()
}
