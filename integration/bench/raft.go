package main

import (
	"context"
	"errors"
	"fmt"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// raftDeployment is OVN's RAFT mode without Pacemaker. It comes last: Pacemaker does not come back.
type raftDeployment struct {
	cluster *cluster.Cluster
	members *cluster.Raft
}

func (r *raftDeployment) configure(ctx context.Context) error {
	if r.members == nil {
		members, err := r.cluster.NewRaft(ctx, ovsdb.Northbound(), ovsdb.Southbound())
		if err != nil {
			return err
		}
		r.members = members
	}
	return r.members.Create(ctx)
}

// errNotConfigured is returned where Pacemaker still runs, as it could not be ended.
var errNotConfigured = errors.New("RAFT is not configured")

func (r *raftDeployment) settle(ctx context.Context) error {
	if r.members == nil {
		return errNotConfigured
	}
	return r.members.Revive(ctx)
}

// awaitRest starts a killed server again: nothing else does.
func (r *raftDeployment) awaitRest(ctx context.Context) error { return r.settle(ctx) }

// awaitWithout waits for nothing: a client that writes again has found the new leader.
func (*raftDeployment) awaitWithout(context.Context, ...string) error { return nil }

func (r *raftDeployment) active(ctx context.Context, db ovsdb.Database) (string, error) {
	return r.members.Leader(ctx, db)
}

func (r *raftDeployment) addresses(db ovsdb.Database) []string { return r.members.Addresses(db) }

// leave stops the servers: one that leads hands that over first. Open vSwitch has no command that
// only hands it over, but for tests of its own.
func (r *raftDeployment) leave(ctx context.Context, node string) error {
	return r.members.Stop(ctx, node)
}

func (r *raftDeployment) join(ctx context.Context, node string) error {
	return r.members.Start(ctx, node)
}

// dial connects to the server that takes the writes to a database.
func (b *bench) dial(ctx context.Context, db ovsdb.Database) (*ovsdb.Client, error) {
	address, err := b.endpoint(ctx, db)
	if err != nil {
		return nil, err
	}
	return ovsdb.Dial(ctx, address)
}

// endpoint returns the address of the server that takes the writes to a database.
func (b *bench) endpoint(ctx context.Context, db ovsdb.Database) (string, error) {
	addresses := b.deployment.addresses(db)
	if len(addresses) == 1 {
		return addresses[0], nil
	}
	leader, err := b.deployment.active(ctx, db)
	if err != nil {
		return "", err
	}
	for i, node := range b.cluster.NodeNames() {
		if node == leader {
			return addresses[i], nil
		}
	}
	return "", fmt.Errorf("no address of %s for %s", leader, db.Name)
}
