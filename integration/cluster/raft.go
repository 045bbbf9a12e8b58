package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"
	"sync"

	"ovndb-servers/integration/ovsdb"
)

// Raft is OVN's RAFT mode on the nodes of a cluster: a server of each database on every node, and
// neither Pacemaker nor Corosync.
type Raft struct {
	cluster   *Cluster
	databases []ovsdb.Database
}

// NewRaft takes the resource off the cluster, and ends Pacemaker and Corosync on all nodes for good:
// no other method of the cluster that needs them works from then on. [Raft.Create] comes next.
func (c *Cluster) NewRaft(ctx context.Context, databases ...ovsdb.Database) (*Raft, error) {
	if err := c.clear(ctx); err != nil {
		return nil, fmt.Errorf("cannot take the resource out of cluster %s: %w", c.config.Name, err)
	}
	if err := c.ForEachNode(func(node Node) error { return c.ShutDown(ctx, node.Name) }); err != nil {
		return nil, fmt.Errorf("cannot end Pacemaker in cluster %s: %w", c.config.Name, err)
	}
	return &Raft{cluster: c, databases: databases}, nil
}

// Create removes all data, has the first node create the clusters of the databases, and the others
// join them. It waits until all are members.
func (r *Raft) Create(ctx context.Context) error {
	if err := r.cluster.ForEachNode(func(node Node) error { return r.Stop(ctx, node.Name) }); err != nil {
		return err
	}
	if err := r.cluster.removeData(ctx); err != nil {
		return err
	}
	first := r.cluster.nodes[0]
	for _, node := range r.cluster.nodes {
		if _, err := r.cluster.MustExec(ctx, node.Name, append([]string{"mkdir", "-p"}, dataDirectories()...)...); err != nil {
			return err
		}
		for _, db := range r.databases {
			args := []string{"ovsdb-tool", "join-cluster", db.File, db.Name, peerOf(node, db), peerOf(first, db)}
			if node.Name == first.Name {
				args = []string{"ovsdb-tool", "create-cluster", db.File, schemaOf(db), peerOf(node, db)}
			}
			if _, err := r.cluster.MustExec(ctx, node.Name, args...); err != nil {
				return fmt.Errorf("cannot make a clustered database: %w", err)
			}
		}
		if err := r.Start(ctx, node.Name); err != nil {
			return err
		}
	}
	return r.AwaitMembers(ctx)
}

// peerOf is where a node's server talks to the other members: at ovn-ctl's ports.
func peerOf(node Node, db ovsdb.Database) string {
	ports := map[string]string{ovsdb.Northbound().Name: "6643", ovsdb.Southbound().Name: "6644"}
	return "tcp:" + net.JoinHostPort(node.Address.String(), ports[db.Name])
}

// schemaOf is the file of a database's schema.
func schemaOf(db ovsdb.Database) string {
	name := map[string]string{ovsdb.Northbound().Name: "ovn-nb", ovsdb.Southbound().Name: "ovn-sb"}[db.Name]
	return "/usr/share/ovn/" + name + ".ovsschema"
}

// Start starts the servers that do not run on a node, as "ovn-ctl start_ovsdb" does. They have a
// monitor process, which does not restart one that was ended by SIGKILL (should_restart in Open
// vSwitch's lib/daemon-unix.c).
func (r *Raft) Start(ctx context.Context, name string) error {
	node, err := r.cluster.Node(name)
	if err != nil {
		return err
	}
	for _, db := range r.databases {
		running, err := r.cluster.Exec(ctx, name, "sh", "-c", `kill -0 "$(cat "$0")"`, db.PIDFile)
		if err != nil {
			return err
		}
		if running.Code == 0 {
			continue
		}
		// The node's control groups count what a server uses only where docker starts it.
		result, err := r.cluster.ExecEnv(ctx, name, nil, "ovsdb-server", "--detach", "--monitor", "--pidfile="+db.PIDFile, "--unixctl="+db.Control,
			"-vconsole:off", "--log-file=/var/log/ovn/"+db.Name+".log",
			"--remote=punix:"+db.Socket, "--remote=ptcp:"+db.Port+":"+node.Address.String(), db.File)
		if err != nil {
			return err
		}
		if result.Code != 0 {
			return fmt.Errorf("cannot start the server of %s on %s: %s", db.Name, name, result)
		}
	}
	return nil
}

// Stop ends the servers of a node as "ovn-ctl stop_ovsdb" does, both at once: one that leads hands
// that over first. It is no error if none runs.
func (r *Raft) Stop(ctx context.Context, node string) error {
	const script = `for control; do [ ! -S "$control" ] || ovs-appctl -T 10 -t "$control" exit & done; wait`
	args := []string{"sh", "-c", script, "stop"}
	for _, db := range r.databases {
		args = append(args, db.Control)
	}
	if _, err := r.cluster.MustExec(ctx, node, args...); err != nil {
		return fmt.Errorf("cannot stop servers: %w", err)
	}
	return r.cluster.AwaitThat(ctx, "the servers of "+node+" to end", func(ctx context.Context) error {
		processes, err := r.cluster.Processes(ctx, node)
		for _, process := range processes {
			for _, db := range r.databases {
				if strings.Contains(process.Command, "--pidfile="+db.PIDFile) && !strings.HasPrefix(process.State, "Z") {
					return fmt.Errorf("process %d is left", process.PID)
				}
			}
		}
		return err
	})
}

// Revive lets frozen nodes go on, starts servers that have ended, and waits until all are members.
func (r *Raft) Revive(ctx context.Context) error {
	err := r.cluster.ForEachNode(func(node Node) error {
		state, err := r.cluster.State(ctx, node.Name)
		if err == nil && state == "paused" {
			err = r.cluster.Thaw(ctx, node.Name)
		}
		return errors.Join(err, r.Start(ctx, node.Name))
	})
	if err != nil {
		return err
	}
	return r.AwaitMembers(ctx)
}

// AwaitMembers waits until all servers are members of their clusters, each with the same leader, and
// have nothing left to commit.
func (r *Raft) AwaitMembers(ctx context.Context) error {
	return r.cluster.AwaitThat(ctx, "all servers to be members", func(ctx context.Context) error {
		for _, db := range r.databases {
			statuses, err := r.statuses(ctx, db)
			if err != nil {
				return err
			}
			if err := settledMembers(statuses); err != nil {
				return fmt.Errorf("%s: %w", db.Name, err)
			}
		}
		return nil
	})
}

// Leader returns the node whose server leads a database's cluster. Nodes that do not answer are no
// error: one of them may have been the leader.
func (r *Raft) Leader(ctx context.Context, db ovsdb.Database) (string, error) {
	statuses, err := r.statuses(ctx, db)
	for i, status := range statuses {
		if status.Role == "leader" {
			return r.cluster.nodes[i].Name, nil
		}
	}
	return "", errors.Join(errors.New("no server leads "+db.Name), err)
}

// Addresses returns where clients reach the servers of a database, by the number of the node.
func (r *Raft) Addresses(db ovsdb.Database) []string {
	var addresses []string
	for _, node := range r.cluster.nodes {
		addresses = append(addresses, net.JoinHostPort(node.Address.String(), db.Port))
	}
	return addresses
}

// statuses asks the servers of all nodes, by number. The status of one that does not answer is empty.
func (r *Raft) statuses(ctx context.Context, db ovsdb.Database) ([]memberStatus, error) {
	found, failures := make([]memberStatus, len(r.cluster.nodes)), make([]error, len(r.cluster.nodes))
	var group sync.WaitGroup
	for i, node := range r.cluster.nodes {
		group.Go(func() {
			text, err := r.cluster.MustExec(ctx, node.Name, "ovs-appctl", "-T", "5", "-t", db.Control, "cluster/status", db.Name)
			found[i], failures[i] = parseMember(text), err
		})
	}
	group.Wait()
	return found, errors.Join(failures...)
}

// memberStatus is what a server says of its cluster.
type memberStatus struct {
	// SID is short for the server's identity, Leader for that of the leader, "self" or "unknown".
	SID, Status, Role, Leader, Uncommitted string
	// Servers are how many it knows, with itself.
	Servers int
}

// parseMember reads the reply to cluster/status: raft_unixctl_status in Open vSwitch's ovsdb/raft.c.
func parseMember(text string) memberStatus {
	field := func(name string) string {
		match := regexp.MustCompile(`(?m)^` + name + `: (.*)$`).FindStringSubmatch(text)
		if match == nil {
			return ""
		}
		return match[1]
	}
	sid, _, _ := strings.Cut(field("Server ID"), " ")
	_, servers, _ := strings.Cut(text, "\nServers:\n")
	return memberStatus{
		SID: sid, Status: field("Status"), Role: field("Role"), Leader: field("Leader"), Uncommitted: field("Entries not yet committed"),
		Servers: len(regexp.MustCompile(`(?m)^    \S+ \(`).FindAllString(servers, -1)),
	}
}

// settledMembers returns an error unless all are members that agree on a leader.
func settledMembers(statuses []memberStatus) error {
	leader := ""
	for _, status := range statuses {
		if status.Role == "leader" {
			leader = status.SID
		}
	}
	if leader == "" {
		return errors.New("no server leads")
	}
	for _, status := range statuses {
		follows := status.Leader == leader || status.Leader == "self" && status.SID == leader
		if status.Status != "cluster member" || !follows || status.Servers != len(statuses) || status.Uncommitted != "0" {
			return fmt.Errorf("a server is not settled: %+v", status)
		}
	}
	return nil
}
