package supervisor

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"
)

// change follows a change in the cluster or the end of an action. A promoted node has to find
// out at once whether it still is. Any other has time: an action tells it which node to
// follow, and each poll would delay Pacemaker while roles move.
func (l *loop) change(ctx context.Context) {
	if l.node.Promoted() {
		l.checkTerm(ctx)
		return
	}
	l.polling.request(time.Now().Add(changeDelay))
	l.followPending(ctx)
}

// checkTerm polls the cluster for whether this promoted node still leads, unless its copy of
// the CIB says so: most changes leave the record as it is.
func (l *loop) checkTerm(ctx context.Context) {
	if l.view.adopt(l.node.OwnPromotionRecord()) {
		l.observe(ctx)
	}
	recorded, known := l.recordOnDisk(), l.view.state.Record
	switch {
	case recorded != "" && recorded == known:
	case l.node.Acting():
		l.changePending = true
	case recorded != "" && known == l.node.OwnPromotionRecord() && earlier(recorded, known):
		l.polling.request(time.Now().Add(changeDelay)) // the copy is behind
	default:
		l.poller.request()
	}
}

// recordOnDisk returns the cluster record in this node's copy of the CIB; empty if there is
// none that can be read.
func (l *loop) recordOnDisk() string {
	if l.recorded == nil {
		return ""
	}
	record, err := l.recorded()
	l.logFailure(time.Now(), logrus.DebugLevel, err,
		"cannot read the record in this node's copy of the CIB: the cluster is polled after each change")
	return record
}

// followPending follows the promoted node that an action has left to the supervisor.
func (l *loop) followPending(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	leader, err := l.node.FollowPending(ctx)
	switch {
	case err != nil:
		l.log.WithError(err).Warn("cannot follow the promoted node, trying again soon")
		l.polling.request(time.Now())
	case leader.Node != "":
		l.view.state.Leader = leader
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
