package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/replication"
)

// report is the result of status. Its JSON keys are stable; new ones may come.
type report struct {
	Node     string         `json:"node"`
	Resource string         `json:"resource"`
	Health   string         `json:"health"`
	Healthy  bool           `json:"healthy"`
	Problems []string       `json:"problems"`
	Servers  []serverReport `json:"servers"`
	Cluster  clusterReport  `json:"cluster"`
}

type serverReport struct {
	Database       string `json:"database"`
	Role           string `json:"role"`
	ReplicatesFrom string `json:"replicates_from,omitempty"`
	Connected      bool   `json:"connected"`
	PID            int    `json:"pid,omitempty"`
	File           string `json:"file"`
	Reason         string `json:"reason,omitempty"`
}

type clusterReport struct {
	Available bool         `json:"available"`
	Error     string       `json:"error,omitempty"`
	Nodes     []nodeReport `json:"nodes"`
}

type nodeReport struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Role  string `json:"role"`
	// Score is nil for an instance that cannot be promoted.
	Score *int `json:"score"`
	// Publishes is where a promoted node says its databases are replicated from.
	Publishes string `json:"publishes,omitempty"`
}

func newReport(c *replication.Controller, o replication.Observation) report {
	v := replication.Assess(o)
	r := report{
		Node: c.Node, Resource: c.Instance, Health: string(v.Health),
		Problems: append([]string{}, v.Reasons...), Cluster: clusterReport{Nodes: []nodeReport{}},
	}
	for i, s := range o.Servers {
		r.Servers = append(r.Servers, serverReport{
			Database: s.Database, Role: string(s.Condition), ReplicatesFrom: s.Source,
			Connected: s.Link == ovsdbctl.LinkReplicating, PID: s.PID,
			File: c.Units[i].Files.Database, Reason: s.Reason,
		})
	}
	r.judge(v.Health)
	return r
}

func (r *report) judge(h replication.Health) {
	r.Healthy = h == replication.HealthActive || h == replication.HealthBackup
}

// addCluster adds what the cluster knows and what is wrong with that.
func (r *report) addCluster(ctx context.Context, cluster replication.Cluster, view pacemaker.View) {
	scores, err := cluster.Scores(ctx)
	if err == nil {
		var published map[string]string
		published, err = cluster.Published(ctx, replication.TopicActive)
		r.addNodes(view, scores, published)
	}
	if err != nil {
		r.Cluster.Error = err.Error()
		return
	}
	r.Cluster.Available = true
	r.checkPromoted()
}

func (r *report) addNodes(view pacemaker.View, scores, published map[string]string) {
	for _, n := range view.Nodes {
		node := nodeReport{
			Name: n.Name, State: n.State, Role: view.Role(r.Resource, n.Name),
			Publishes: strings.ReplaceAll(published[n.Name], ",", " "),
		}
		if score, err := strconv.Atoi(scores[n.Name]); err == nil {
			node.Score = &score
		}
		r.Cluster.Nodes = append(r.Cluster.Nodes, node)
	}
}

func (r *report) checkPromoted() {
	var promoted []string
	for _, n := range r.Cluster.Nodes {
		if n.Role == "Promoted" {
			promoted = append(promoted, n.Name)
		}
	}
	switch len(promoted) {
	case 0:
		r.problem("no node of the cluster is promoted: nothing serves clients; see: crm_mon -1rfA")
	case 1:
	default:
		r.problem(fmt.Sprintf("the cluster shows %d promoted nodes: %s", len(promoted), strings.Join(promoted, ", ")))
	}
}

func (r *report) problem(text string) {
	r.Healthy = false
	r.Problems = append(r.Problems, text)
}

func (r *report) exitCode() int {
	switch {
	case r.Health == string(replication.HealthStopped):
		return exitNotRunning
	case r.Healthy:
		return exitHealthy
	default:
		return exitWrong
	}
}

// localNode returns the cluster's name of this node, or the host's.
func localNode(ctx context.Context) string {
	name, err := pacemaker.LocalNode(ctx)
	if err != nil || name == "" {
		name, _ = os.Hostname() // an empty name is shown as such
	}
	return name
}
