package main

import (
	"context"
	"fmt"
	"slices"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// deployment is a way to run the databases on the cluster's nodes.
type deployment interface {
	// configure makes it the only one on the nodes, without data.
	configure(ctx context.Context) error
	// settle undoes faults, and waits until all nodes have their role.
	settle(ctx context.Context) error
	// awaitRest waits until all nodes have their role and nothing is left to do.
	awaitRest(ctx context.Context) error
	// awaitWithout waits until the others have settled after the loss of some nodes.
	awaitWithout(ctx context.Context, gone ...string) error
	// active returns the node whose server takes the writes to a database.
	active(ctx context.Context, db ovsdb.Database) (string, error)
	// addresses returns where clients reach a database: one, or those of all members of a RAFT cluster.
	addresses(db ovsdb.Database) []string
	// leave moves everything off a node as a person does who has to work on it, join undoes that.
	leave(ctx context.Context, node string) error
	join(ctx context.Context, node string) error
}

// deploymentOf returns the deployment of an agent.
func (b *bench) deploymentOf(agent agentName) deployment {
	if agent == raftAgent {
		return &raftDeployment{cluster: b.cluster}
	}
	name := map[agentName]string{shellAgent: cluster.ShellAgent, ourAgent: cluster.OVNAgent}[agent]
	return &pacemakerDeployment{cluster: b.cluster, agent: name}
}

// pacemakerDeployment is an agent under Pacemaker.
type pacemakerDeployment struct {
	cluster *cluster.Cluster
	agent   string
}

func (p *pacemakerDeployment) configure(ctx context.Context) error {
	return p.cluster.Reconfigure(ctx, func(config *cluster.Config) { config.Agent = p.agent })
}

// settle also waits until clients can connect: the shell agent's server tries every few seconds to listen
// at a virtual IP that has come after its promotion.
func (p *pacemakerDeployment) settle(ctx context.Context) error {
	if err := p.cluster.Reset(ctx); err != nil {
		return err
	}
	for _, db := range []ovsdb.Database{ovsdb.Northbound(), ovsdb.Southbound()} {
		err := p.cluster.AwaitThat(ctx, db.Name+" to take connections", func(ctx context.Context) error {
			client, err := ovsdb.Dial(ctx, p.cluster.Endpoint(db))
			if err != nil {
				return err
			}
			return client.Close()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *pacemakerDeployment) awaitRest(ctx context.Context) error {
	// A cluster may look settled before it has probed a node that has just come back.
	for range 2 {
		if err := p.cluster.AwaitIdle(ctx); err != nil {
			return err
		}
		if err := p.cluster.Await(ctx, "the cluster to settle", p.cluster.Settled()); err != nil {
			return err
		}
	}
	return nil
}

func (p *pacemakerDeployment) awaitWithout(ctx context.Context, gone ...string) error {
	rest := slices.DeleteFunc(p.cluster.NodeNames(), func(name string) bool { return slices.Contains(gone, name) })
	return p.cluster.Await(ctx, "the cluster to settle", p.cluster.SettledOn(rest...))
}

func (p *pacemakerDeployment) active(ctx context.Context, _ ovsdb.Database) (string, error) {
	view, err := p.cluster.View(ctx)
	if err != nil {
		return "", err
	}
	if view.Promoted() == "" {
		return "", fmt.Errorf("no promoted instance: %s", view)
	}
	return view.Promoted(), nil
}

func (p *pacemakerDeployment) addresses(db ovsdb.Database) []string {
	return []string{p.cluster.Endpoint(db)}
}

func (p *pacemakerDeployment) leave(ctx context.Context, node string) error {
	return p.cluster.Standby(ctx, node)
}

func (p *pacemakerDeployment) join(ctx context.Context, node string) error {
	return p.cluster.Unstandby(ctx, node)
}
