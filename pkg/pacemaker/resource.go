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
	// Node is this node; without a name, Pacemaker's tools find it.
	Node control.Identity
	// Bundle says that the nodes may be a bundle's, whose attributes their hosts have.
	Bundle bool
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
		return r.own(r.Instance + "-state")
	}
	a := r.own("ovndb-" + string(topic) + "-" + r.Instance)
	a.private = true
	return a
}

// own is an attribute that this node has under its own name, which is that of the notify sets, even
// where the environment has Pacemaker's tools choose the host of a bundle's container.
func (r Resource) own(name string) attribute {
	return attribute{name: name, node: r.Node.Name, remote: r.Node.Remote}
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
