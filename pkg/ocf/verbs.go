package ocf

import (
	"context"

	"ovndb-servers/pkg/replication"
)

// Verbs are the operations of the resource on this node that the actions need. [control.Controller]
// implements them. The text of an error becomes the exit reason.
type Verbs interface {
	// Reload takes over the parameters that can be changed while the servers run. The error is
	// [control.ErrNothingRuns] if none does.
	Reload(ctx context.Context) error
	// Start, Stop, Promote and Demote carry out the action of that name.
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	Promote(ctx context.Context, p replication.Participants) error
	// Demote leaves the promotion score to the stop that follows if this node is leaving.
	Demote(ctx context.Context, leaving bool) error
	// Monitor observes the servers, repairs them and returns the verdict. expectPromoted says that
	// Pacemaker takes the instance for promoted.
	Monitor(ctx context.Context, expectPromoted bool) replication.Verdict
	// Probe observes the servers and changes nothing.
	Probe(ctx context.Context) replication.Verdict
	// StepDownIfSuperseded makes this node read-only if it leads a term that is over.
	StepDownIfSuperseded(ctx context.Context) error
	// HoldElection decides before its promotion whether this node may lead, AnswerElection
	// publishes this node's position to the node chosen for promotion.
	HoldElection(ctx context.Context, p replication.Participants) error
	AnswerElection(ctx context.Context, chosen string) error
	// ReceiveLast waits for the last transaction of the nodes just demoted.
	ReceiveLast(ctx context.Context, demoted []string) error
	// RequestFollow has this node follow the promoted one.
	RequestFollow(ctx context.Context, promoted string) error
	// KeepSupervised starts the supervisor of a node whose servers run without one.
	KeepSupervised(ctx context.Context) error
}

// resource is the resource on this node.
type resource struct {
	Verbs

	// node is this node's name, as in the notify sets.
	node string
	// complete looks up the owner of the files and this node's address, without which some verbs do
	// less. Its error says why this node cannot run the resource.
	complete func(context.Context) error
}

// opener returns the resource that an action is about. It may ask the cluster manager for this
// node's name.
type opener func(context.Context, Environment, Parameters) resource
