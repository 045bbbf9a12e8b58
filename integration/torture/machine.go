package main

import (
	"context"
	"errors"
	"sync"

	"ovndb-servers/integration/cluster"
)

// The states of a container that matter, as docker names them.
const (
	statePaused  = "paused"
	stateRunning = "running"
)

// machine is a node as faults and fencing work on it: one after the other.
type machine struct {
	cluster *cluster.Cluster
	node    string

	mu sync.Mutex
	// off says that a fault has taken the power: fencing finds the node off, and only the
	// end of the fault boots it.
	off bool
	// cut cuts the network; a boot clears the rules, but mends no cable.
	cut func(context.Context) error
}

// losePower ends the node until [machine.getPower].
func (m *machine) losePower(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = true
	return m.kill(ctx)
}

// getPower boots the node after [machine.losePower].
func (m *machine) getPower(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.off = false
	return m.boot(ctx)
}

// fence kills the node and boots it, unless its power is out.
func (m *machine) fence(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.kill(ctx); err != nil || m.off {
		return err
	}
	return m.boot(ctx)
}

// kill ends the node, if it runs.
func (m *machine) kill(ctx context.Context) error {
	state, err := m.cluster.State(ctx, m.node)
	if err != nil || state != stateRunning && state != statePaused {
		return err
	}
	return m.cluster.PowerOff(ctx, m.node)
}

// boot starts the node, if it does not run, with the network as it was.
func (m *machine) boot(ctx context.Context) error {
	if err := m.cluster.PowerOn(ctx, m.node); err != nil || m.cut == nil {
		return err
	}
	return m.cut(ctx)
}

// freeze stops the node from running until [machine.thaw].
func (m *machine) freeze(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.cluster.Freeze(ctx, m.node)
}

// thaw lets the node go on. One that was fenced meanwhile runs already.
func (m *machine) thaw(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	state, err := m.cluster.State(ctx, m.node)
	if err != nil || state != statePaused {
		return err
	}
	return m.cluster.Thaw(ctx, m.node)
}

// errCut is returned if two faults want to cut the same network.
var errCut = errors.New("the node's network is cut already")

// cutNetwork cuts the node's network in some way until [machine.healNetwork].
func (m *machine) cutNetwork(ctx context.Context, cut func(context.Context) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cut != nil {
		return errCut
	}
	m.cut = cut
	return cut(ctx)
}

// healNetwork ends [machine.cutNetwork].
func (m *machine) healNetwork(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cut = nil
	return m.cluster.Heal(ctx, m.node)
}
