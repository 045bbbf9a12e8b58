package pacemaker

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"ovndb-servers/pkg/process"
)

// Resource is the cluster's side of one resource, as seen from this node.
type Resource struct {
	// Instance is the primitive's name, without a clone's instance number.
	Instance string
}

// PublishActive tells all nodes that this one is promoted and how its servers
// are reached; the empty string withdraws that.
func (r Resource) PublishActive(ctx context.Context, sources string) error {
	if sources == "" {
		return r.active().clear(ctx)
	}
	return r.active().set(ctx, sources)
}

// ActiveNodes returns what PublishActive has made known, by node name.
func (r Resource) ActiveNodes(ctx context.Context) (map[string]string, error) {
	return r.active().values(ctx)
}

// SetScore sets this node's promotion score. Setting the value it has already
// is free: the attribute manager does not pass it on.
func (r Resource) SetScore(ctx context.Context, score int) error {
	return r.score().set(ctx, strconv.Itoa(score))
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

func (r Resource) active() attribute {
	return attribute{name: "ovndb-active-" + r.Instance, private: true}
}

// score is the attribute crm_attribute --promotion would write, too: Pacemaker
// reads the promotion score of a resource from "master-" and its name.
func (r Resource) score() attribute {
	return attribute{name: "master-" + r.Instance}
}

// LocalNode returns the name the cluster knows this node by.
func LocalNode(ctx context.Context) (string, error) {
	out, err := process.Run(ctx, "crm_node", "-n")
	if err != nil {
		return "", fmt.Errorf("cannot learn this node's name: %w", err)
	}
	return strings.TrimSpace(out), nil
}
