package ocf

import (
	"context"
	"slices"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// notify takes this node's part in what the cluster is about to do or has just
// done. Pacemaker ignores the exit code of a notification, and a failed one must
// not look like a failed instance: a later action notices what it left undone.
func (a Agent) notify(ctx context.Context, call call) (ExitCode, error) {
	n := call.env.Notify
	switch n.Event() {
	case "pre-promote", "post-promote", "pre-demote", "post-demote":
	default:
		return Success, nil
	}
	if call.invalid != nil {
		return Success, call.invalid
	}
	return Success, takePart(ctx, a.lenientController(ctx, call), n)
}

func takePart(ctx context.Context, c *control.Controller, n Notify) error {
	if !slices.Contains(n.Promote, c.Node) {
		if err := c.StepDownIfSuperseded(ctx); err != nil {
			return err
		}
	}
	switch n.Event() {
	case "pre-demote":
		return nil
	case "post-demote":
		if slices.Contains(n.Demote, c.Node) {
			return nil
		}
		return c.ReceiveLast(ctx, n.Demote)
	case "pre-promote":
		return prepareElection(ctx, c, n)
	default:
		if len(n.Promote) == 0 || slices.Contains(n.Promote, c.Node) {
			return nil
		}
		return c.RequestFollow(ctx, n.Promote[0])
	}
}

func prepareElection(ctx context.Context, c *control.Controller, n Notify) error {
	switch {
	case len(n.Promote) == 0:
		return nil
	case slices.Contains(n.Promote, c.Node):
		return c.HoldElection(ctx, electorate(n))
	default:
		return c.AnswerElection(ctx, n.Promote[0])
	}
}

// electorate says who takes part in an election. Nodes that Pacemaker has
// counted out, because they are stopping or lost, do not.
func electorate(n Notify) replication.Participants {
	if !n.Enabled {
		return replication.Participants{}
	}
	nodes := n.ActiveAtPromote()
	absent := slices.DeleteFunc(slices.Clone(n.Available), func(node string) bool { return slices.Contains(nodes, node) })
	return replication.Participants{Nodes: nodes, Absent: absent}
}
