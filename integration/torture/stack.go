package main

import (
	"context"
	"time"
)

// stackAway is for how long the cluster stack of a node that runs is away before it is started again: a boot,
// pacemakerd or systemd starts it sooner.
const stackAway = 10 * time.Second

// stackTimeout bounds a question for a node's cluster stack.
const stackTimeout = 5 * time.Second

// ailment is what a person is needed for on a node's cluster stack; none for a stack that runs.
type ailment string

const (
	// stackShutDown is after "Shutting down and staying down after fatal error": systemd starts neither again.
	stackShutDown ailment = "Pacemaker has shut itself and Corosync down for good: both are started again"
	// daemonGone is after "Not respawning subdaemon ... until cluster returns", which pacemakerd says though Corosync
	// runs: the end of another daemon had interrupted its question for it.
	daemonGone ailment = "pacemakerd does not start a daemon again: Pacemaker is restarted"
)

// tendStacks does for a node's cluster stack what systemd does not, and on a host a person would.
func (r *run) tendStacks(ctx context.Context) {
	type finding struct {
		ailment
		since time.Time
	}
	found := map[string]finding{}
	for pause(ctx, sampleEvery) {
		for node, m := range r.injector.machines {
			asking, cancel := context.WithTimeout(ctx, stackTimeout)
			now, err := m.ails(asking)
			cancel()
			switch known := found[node]; {
			case err != nil || now == "":
				delete(found, node)
			case known.ailment != now:
				found[node] = finding{now, time.Now()}
			case time.Since(known.since) >= stackAway:
				delete(found, node)
				r.journal.say(node, "%s: %s", now, orDone(r.treat(ctx, node, now)))
			}
		}
	}
}

// treat restarts what does not run.
func (r *run) treat(ctx context.Context, node string, found ailment) error {
	if found == stackShutDown {
		return r.cluster.StartStack(ctx, node)
	}
	return r.cluster.KillPacemaker(ctx, node) // as systemd does, the node starts a pacemakerd that was killed
}

// ails returns what is wrong with the cluster stack of a node that runs.
func (m *machine) ails(ctx context.Context) (ailment, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if state, err := m.cluster.State(ctx, m.node); err != nil || state != stateRunning {
		return "", err
	}
	corosync, daemons, err := m.cluster.StackRuns(ctx, m.node)
	switch {
	case err != nil:
		return "", err
	case !corosync:
		return stackShutDown, nil
	case !daemons:
		return daemonGone, nil
	default:
		return "", nil
	}
}
