package supervisor

import (
	"context"

	"ovndb-servers/pkg/control"

	"github.com/sirupsen/logrus"
)

// scholar asks the cluster, which may take its time, while the supervisor goes on
// looking at the servers.
type clusterPoller struct {
	controller *control.Controller
	log        logrus.FieldLogger
	wanted     chan struct{}
	learnt     chan control.SupervisorState
}

func newClusterPoller(c *control.Controller, log logrus.FieldLogger) *clusterPoller {
	return &clusterPoller{
		controller: c, log: log, wanted: make(chan struct{}, 1), learnt: make(chan control.SupervisorState),
	}
}

// ask makes the scholar ask the cluster, if it does not do so already.
func (s *clusterPoller) ask() {
	select {
	case s.wanted <- struct{}{}:
	default:
	}
}

func (s *clusterPoller) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.wanted:
		}
		k, err := s.learn(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.log.WithError(err).Warn("cannot ask the cluster about the term and the promoted node")
			}
			continue
		}
		select {
		case <-ctx.Done():
			return
		case s.learnt <- k:
		}
	}
}

// learn asks the cluster. While no node is promoted, one may be about to be, and wait for
// what this node has to say.
func (s *clusterPoller) learn(ctx context.Context) (control.SupervisorState, error) {
	ctx, cancel := context.WithTimeout(ctx, actTimeout)
	defer cancel()
	k, err := s.controller.QueryCluster(ctx)
	if err != nil || k.Leader.Node != "" || s.controller.Promoted() {
		return k, err
	}
	if err := s.controller.AnswerOpenRounds(ctx); err != nil {
		s.log.WithError(err).Warn("another node's promotion may wait for this one")
	}
	return k, nil
}
