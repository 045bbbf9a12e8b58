package pacemaker

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// Resource is the cluster's side of one resource, as seen from this node.
type Resource struct {
	// Instance is the primitive's name, without a clone's instance number.
	Instance string
}

var _ control.Cluster = Resource{}

// Publish implements [replication.Cluster] by a private node attribute.
func (r Resource) Publish(ctx context.Context, topic control.Topic, value string) error {
	if value == "" {
		return r.topic(topic).clear(ctx)
	}
	return r.topic(topic).set(ctx, value)
}

// Published implements [replication.Cluster].
func (r Resource) Published(ctx context.Context, topic control.Topic) (map[string]string, error) {
	return r.topic(topic).values(ctx)
}

func (r Resource) topic(topic control.Topic) attribute {
	return attribute{name: "ovndb-" + string(topic) + "-" + r.Instance, private: true}
}

// SetScore sets a node's promotion score. Setting the value it has already is
// free: the attribute manager does not pass it on.
func (r Resource) SetScore(ctx context.Context, node string, score int) error {
	return r.score().setOn(ctx, node, strconv.Itoa(score))
}

// ClearScore removes this node's promotion score; without one, an instance is
// not promoted.
func (r Resource) ClearScore(ctx context.Context) error {
	return r.score().clear(ctx)
}

// Scores returns the promotion scores by node name.
func (r Resource) Scores(ctx context.Context) (map[string]string, error) {
	return r.score().values(ctx)
}

// ScoreInCIB returns this node's promotion score as it is written in the CIB,
// which is where the scheduler reads it.
func (r Resource) ScoreInCIB(ctx context.Context) (string, error) {
	return queryCIB(ctx, "--name", r.score().name, "--lifetime", "reboot")
}

// score is the attribute that crm_attribute --promotion writes as well: Pacemaker
// reads the promotion score of a resource from "master-" and its name.
func (r Resource) score() attribute {
	return attribute{name: "master-" + r.Instance}
}

// ForgiveFailedPromotion removes the fail count of this node's promotions,
// which is a node attribute since Pacemaker 1.1.17.
func (r Resource) ForgiveFailedPromotion(ctx context.Context) error {
	for _, kind := range []string{"fail-count-", "last-failure-"} {
		if err := (attribute{name: kind + r.Instance + "#promote_0"}).clear(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Fail reports to the cluster that the resource has failed on a node, like a monitor
// that found it so (crm_resource --fail).
func (r Resource) Fail(ctx context.Context, node string) error {
	if _, err := process.Run(ctx, crmResource, "--fail", "-r", r.Instance, "-N", node); err != nil {
		return fmt.Errorf("cannot report the failure of %s on node %s: %w", r.Instance, node, err)
	}
	return nil
}

// LocalNode returns the name the cluster knows this node by. An answer of crm_node that
// is not one word is ErrUnreadable.
func LocalNode(ctx context.Context) (string, error) {
	out, err := process.Run(ctx, crmNode, "-n")
	if err != nil {
		return "", fmt.Errorf("cannot learn this node's name: %w", err)
	}
	words := strings.Fields(out)
	if len(words) != 1 {
		return "", fmt.Errorf("cannot learn this node's name: %w: %s prints %q", ErrUnreadable, crmNode, out)
	}
	return words[0], nil
}
