package ocf

import (
	"context"
	"errors"
	"slices"

	"ovndb-servers/pkg/replication"
)

// notify takes this node's part in a promotion or demotion of the cluster. Pacemaker ignores the
// exit code of a notification, and a failed one must not look like a failed instance: a later
// action notices the part that is still to do.
func (a Agent) notify(ctx context.Context, call call) (ExitCode, error) {
	n := call.env.Notify
	election := false
	switch n.Event() {
	case prePromote, postPromote, preDemote, postDemote:
		election = true
	case postStart, postStop:
	default:
		return Success, nil
	}
	if call.invalid != nil {
		return Success, call.invalid
	}
	r := call.resource(ctx)
	var err error
	if election {
		warnIncomplete(a.Log, r.complete(ctx))
		err = takePart(ctx, r, n)
	}
	if n.Type == postPhase {
		err = errors.Join(err, r.KeepSupervised(ctx))
	}
	return Success, err
}

func takePart(ctx context.Context, r resource, n Notify) error {
	if !slices.Contains(n.Promote, r.node) {
		if err := r.StepDownIfSuperseded(ctx); err != nil {
			return err
		}
	}
	switch n.Event() {
	case prePromote:
		return prepareElection(ctx, r, n)
	case postPromote:
		if len(n.Promote) > 0 && !slices.Contains(n.Promote, r.node) {
			return r.RequestFollow(ctx, n.Promote[0])
		}
	case postDemote:
		if !slices.Contains(n.Demote, r.node) {
			return r.ReceiveLast(ctx, n.Demote)
		}
	}
	return nil
}

func prepareElection(ctx context.Context, r resource, n Notify) error {
	switch {
	case len(n.Promote) == 0:
		return nil
	case slices.Contains(n.Promote, r.node):
		return r.HoldElection(ctx, participants(n))
	default:
		return r.AnswerElection(ctx, n.Promote[0])
	}
}

// participants returns the participants of the election of a promotion. Nodes that are stopping or
// lost, as Pacemaker has it, are not among them.
func participants(n Notify) replication.Participants {
	if !n.Enabled {
		return replication.Participants{}
	}
	nodes := n.ActiveAtPromote()
	return replication.Participants{Nodes: nodes, Absent: without(n.Available, nodes)}
}
