package supervisor

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// fallible is a cluster that answers no question about this node while silent is set.
type fallible struct {
	control.Cluster

	silent atomic.Bool
}

var errSilent = errors.New("the cluster does not answer")

func (f *fallible) err() error {
	if f.silent.Load() {
		return errSilent
	}
	return nil
}

func (f *fallible) Record(ctx context.Context) (string, error) {
	text, err := f.Cluster.Record(ctx)
	return text, errors.Join(f.err(), err)
}

func (f *fallible) RecordWhereManaged(ctx context.Context) (string, bool, error) {
	text, managed, err := f.Cluster.RecordWhereManaged(ctx)
	return text, managed, errors.Join(f.err(), err)
}

func (f *fallible) Managed(ctx context.Context, node string) (bool, error) {
	if err := f.err(); err != nil {
		return true, err
	}
	return f.Cluster.Managed(ctx, node)
}

// stacked is a node that leads, and whose cluster stack is a program of a name of the test's.
type stacked struct {
	*control.Controller

	cluster *fallible
	program string
	kill    func() // the program
}

func newStacked(t *testing.T, program string, unmanaged ...string) stacked {
	t.Helper()
	c := controltest.NewCluster()
	c.SetUnmanaged(unmanaged...)
	s := stacked{Controller: controltest.NewNode(t, c, "node1", "127.0.0.1", controltest.FreePorts(t)), program: program}
	s.cluster = &fallible{Cluster: s.Cluster}
	s.Cluster = s.cluster
	for _, err := range []error{
		s.Start(t.Context()), s.Promote(t.Context(), replication.Participants{Nodes: []string{"node1"}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	s.kill = startStack(t, program)
	return s
}

// supervise runs a supervisor until it is stopped, or the test ends.
func (s stacked) supervise(t *testing.T) (stop func()) {
	t.Helper()
	supervisor := Supervisor{Controller: s.Controller, Log: s.Log, BeatInterval: time.Second}
	l := newLoop(supervisor)
	l.stack = []*stackWatcher{newStackWatcher(l, s.Controller, stackPart{programs: []string{s.program}, required: true}, s.LastSupervisorState().Stack)}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { supervisor.run(ctx, l) })
	stop = func() { cancel(); running.Wait() }
	t.Cleanup(stop)
	return stop
}

// loseAll supervises the node for a while, and ends supervisor and cluster stack.
func (s stacked) loseAll(t *testing.T) {
	t.Helper()
	stop := s.supervise(t)
	for !slices.Contains(s.LastSupervisorState().Stack, s.program) {
		if pause(t.Context(), 50*time.Millisecond); t.Context().Err() != nil {
			t.Fatal("the supervisor does not say that it has seen the stack")
		}
	}
	stop()
	s.kill()
	s.cluster.silent.Store(true)
	awaitReachable(t, s.Controller, true)
}

// An operator calls monitor by hand on a node whose Pacemaker and supervisor were killed, for example.
func TestSupervisorThatStartsAfterTheEndOfTheClusterStackServesNoClientsUntilThatIsBack(t *testing.T) {
	t.Parallel()
	s := newStacked(t, "stack-started")
	s.loseAll(t)
	s.supervise(t)
	awaitReachable(t, s.Controller, false)
	startStack(t, s.program)
	s.cluster.silent.Store(false)
	awaitReachable(t, s.Controller, true)
}

func TestSupervisorThatStartsInMaintenanceAfterTheEndOfTheClusterStackLeavesTheClients(t *testing.T) {
	t.Parallel()
	s := newStacked(t, "stack-paused", "node1")
	s.loseAll(t)
	s.supervise(t)
	for range 10 {
		pause(t.Context(), 500*time.Millisecond)
		awaitReachable(t, s.Controller, true)
	}
}
