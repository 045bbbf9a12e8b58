package supervisor

import (
	"context"
	"time"

	"ovndb-servers/pkg/replication"
)

// change follows a change in the cluster or the end of an action. A promoted node has to find
// out at once whether it still is, by the record alone. All else has time: an action tells a backup which
// node to follow, and each poll would delay Pacemaker while roles move.
func (l *loop) change(ctx context.Context) {
	l.polling.changed = true
	l.renewal.changed(time.Now())
	signal(l.membersChanged)
	l.polling.request(time.Now().Add(changeDelay))
	if l.node.Promoted() {
		l.checkTerm()
		return
	}
	l.followPending(ctx)
}

// checkTerm has the poller check whether this promoted node still leads. While an action is
// under way, which makes changes itself, those between two observations count as one, and it
// checks once more when the action has ended.
func (l *loop) checkTerm() {
	if l.node.Acting() {
		l.changePending, l.checkPending = true, true
		return
	}
	l.poller.check()
}

// followPending follows the promoted node that an action has left to the supervisor: after another
// action, if one is under way.
func (l *loop) followPending(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	leader, ok, err := l.node.FollowPending(ctx, l.copyDelay > 0 && l.largeDatabase())
	switch {
	case err != nil:
		l.log.WithError(err).Warn("cannot follow the promoted node, trying again soon")
		l.polling.request(time.Now())
	case !ok:
		l.changePending = true
	case leader.Node != "":
		l.view.state.Leader, l.view.queue = leader, replication.CopyQueue{}
	}
}

// retryListeners makes active servers listen on an address that has come.
func (l *loop) retryListeners(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, observeTimeout)
	defer cancel()
	if err := l.node.RetryListeners(ctx); err != nil {
		l.log.WithError(err).Debug("cannot retry the listeners: a server may listen late on an address that has come")
	}
}
