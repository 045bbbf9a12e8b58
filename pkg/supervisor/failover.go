package supervisor

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// demotionTimeout is how long the cluster may take to demote this node, which has left the role to
	// another one. Then the server is restarted in place after all.
	demotionTimeout = 5 * time.Second
	// leaderTimeout is how long another node is awaited for the log.
	leaderTimeout = 30 * time.Second
	// demotionInterval and leaderInterval are between two looks at either.
	demotionInterval = 20 * time.Millisecond
	leaderInterval   = 500 * time.Millisecond
)

// errNotDemoted is returned where the cluster has not moved the role in time.
var errNotDemoted = errors.New("the cluster has not demoted this node")

// choose chooses how the server, which has died, comes back. Only a node that leads has a role to
// leave, and a server whose marker was never seen leaves no proof that its file is whole.
func (r *restarter) choose(ctx context.Context) recovery {
	restart, err := r.controller.PredictRestart(r.unit.Name())
	if err != nil {
		return recovery{move: moveTime, reason: err}
	}
	if !r.controller.Promoted() {
		return recovery{restart: restart, move: moveTime, reason: errors.New("this node is a backup")}
	}
	return chooseRecovery(restart, func() (string, error) { return r.controller.Successor(ctx) })
}

// failOver leaves the role to another node and returns when this one was demoted, or it is certain that
// the server has to be restarted in place after all.
func (r *restarter) failOver(ctx context.Context, chosen recovery) {
	r.report(fmt.Sprintf("the %s server died, and the role is left to node %s", r.unit.Name(), chosen.successor))
	began := time.Now()
	err := r.leaveRole(ctx)
	switch {
	case ctx.Err() != nil:
	case err == nil:
		r.failovers.Go(func() { r.awaitLeader(ctx, chosen, began) })
	default:
		r.log.WithError(err).WithField("elapsed", rounded(time.Since(began))).
			Warn("the role does not move to another node: restarting the server in place")
		r.keepRole(ctx)
	}
}

// leaveRole asks the cluster to move the role, and returns when this node leads no term any more.
func (r *restarter) leaveRole(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, demotionTimeout)
	defer cancel()
	if err := r.controller.LeaveRole(ctx, r.unit.Name(), r.lastMarker.Load()); err != nil {
		return err
	}
	for r.controller.Promoted() {
		if ctx.Err() != nil {
			return fmt.Errorf("%w within %s", errNotDemoted, demotionTimeout)
		}
		pause(ctx, demotionInterval)
	}
	return nil
}

// awaitLeader logs how long the failover took, once a node leads.
func (r *restarter) awaitLeader(ctx context.Context, chosen recovery, began time.Time) {
	ctx, cancel := context.WithTimeout(ctx, leaderTimeout)
	defer cancel()
	for ctx.Err() == nil {
		leader := r.controller.Node
		if !r.controller.Promoted() {
			state, err := r.controller.QueryCluster(ctx)
			leader = state.Leader.Node
			r.logQuery(err)
		}
		if leader != "" {
			r.log.WithField("leader", leader).WithField("predicted", rounded(chosen.move)).
				WithField("elapsed", rounded(time.Since(began))).Warn("the failover is complete")
			return
		}
		pause(ctx, leaderInterval)
	}
}

// keepRole takes back the request of leaveRole.
func (r *restarter) keepRole(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, demotionTimeout)
	defer cancel()
	if err := r.controller.KeepRole(ctx, r.unit.Name()); err != nil {
		r.log.WithError(err).Error("cannot raise the promotion score again: the cluster may still move the role")
	}
}

func (r *restarter) logQuery(err error) {
	if err != nil {
		r.log.WithError(err).Debug("cannot ask the cluster which node leads")
	}
}
