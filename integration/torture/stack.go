package main

import (
	"context"
	"time"
)

// stackAway is for how long the cluster stack of a node that runs is away before it is started again: a boot
// starts it sooner.
const stackAway = 10 * time.Second

// stackTimeout bounds a question for a node's cluster stack.
const stackTimeout = 5 * time.Second

// tendStacks starts the cluster stack of a node again on which Pacemaker has given up, and has shut Corosync
// down ("Shutting down and staying down after fatal error"): systemd does not, and on a host a person would.
func (r *run) tendStacks(ctx context.Context) {
	gone := map[string]time.Time{}
	for pause(ctx, sampleEvery) {
		for node, m := range r.injector.machines {
			asking, cancel := context.WithTimeout(ctx, stackTimeout)
			away, err := m.lacksStack(asking)
			cancel()
			switch since, known := gone[node]; {
			case err != nil || !away:
				delete(gone, node)
			case !known:
				gone[node] = time.Now()
			case time.Since(since) >= stackAway:
				delete(gone, node)
				r.journal.say(node, "Pacemaker has shut itself and Corosync down for good: both are started again: %s", orDone(r.cluster.StartStack(ctx, node)))
			}
		}
	}
}

// lacksStack reports whether the node runs without Corosync.
func (m *machine) lacksStack(ctx context.Context) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if state, err := m.cluster.State(ctx, m.node); err != nil || state != stateRunning {
		return false, err
	}
	runs, err := m.cluster.StackRuns(ctx, m.node)
	return !runs, err
}
