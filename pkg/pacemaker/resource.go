package pacemaker

import (
	"context"
	"fmt"
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

// Publish implements [control.Cluster] by a node attribute, which is private but for the state: that is
// for the people who look at crm_mon -A, and for exporters.
func (r Resource) Publish(ctx context.Context, topic control.Topic, value string) error {
	if value == "" {
		return r.topic(topic).clear(ctx)
	}
	return r.topic(topic).set(ctx, value)
}

// Published implements [control.Cluster].
func (r Resource) Published(ctx context.Context, topic control.Topic) (map[string]string, error) {
	return r.topic(topic).values(ctx)
}

func (r Resource) topic(topic control.Topic) attribute {
	if topic == control.TopicState {
		return attribute{name: r.Instance + "-state"}
	}
	return attribute{name: "ovndb-" + string(topic) + "-" + r.Instance, private: true}
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
