package main

import (
	"context"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/network"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
)

// agentName is the agent's name, without the provider it is installed as.
const agentName = "ovndb-servers"

// monitorAction is the action that runs all the time, and so has to be cheap. To be told
// of signals costs a quarter of it: it ends by them as any program does. Nothing that it
// does needs an end.
const monitorAction = "monitor"

// clusterManager makes package pacemaker what package ocf asks for.
type clusterManager struct{}

// Resource implements [ocf.ClusterManager].
func (clusterManager) Resource(instance string) control.Cluster {
	return pacemaker.Resource{Instance: instance}
}

// LocalNode implements [ocf.ClusterManager].
func (clusterManager) LocalNode(ctx context.Context) (string, error) {
	return pacemaker.LocalNode(ctx)
}

func runAgent(ctx context.Context, p program, action string) int {
	return int(newAgent(p).Run(ctx, action))
}

func newAgent(p program) ocf.Agent {
	return ocf.Agent{
		Getenv: p.getenv, Stdout: p.stdout, Stderr: p.stderr,
		Log:     ocf.NewLogger(p.stderr, p.getenv),
		Program: p.path,
		Version: version(),
		Cluster: clusterManager{},
		Network: network.Interfaces{},
	}
}
