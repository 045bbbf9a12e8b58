package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// statusSchema is the version of the keys of status. It is counted up when one changes its meaning
// or goes; new ones may come.
const statusSchema = 1

// report is the result of status.
type report struct {
	Schema   int            `json:"schema"`
	Node     string         `json:"node"`
	Resource string         `json:"resource"`
	Health   string         `json:"health"`
	Healthy  bool           `json:"healthy"`
	Problems []string       `json:"problems"`
	Copies   []copyReport   `json:"copies"`
	Servers  []serverReport `json:"servers"`
	// Northd is nil on a node that is not promoted, and on one that has none.
	Northd *northdReport `json:"northd,omitempty"`
	// Supervisor is nil on a node whose servers do not run.
	Supervisor *supervisorReport `json:"supervisor,omitempty"`
	Cluster    clusterReport     `json:"cluster"`
	// LastElection is the last that this node held since its boot; nil if Pacemaker has chosen it for none.
	LastElection *control.LastElection `json:"last_election,omitempty"`
	// Upgrade has the newer schemas that are installed on some nodes and not on others.
	Upgrade []upgradeReport `json:"upgrade,omitempty"`

	// metrics are there if they were asked for.
	metrics metrics.Snapshot

	behindSince map[string]time.Time
	record      *replication.Record
}

type serverReport struct {
	Database       string `json:"database"`
	Role           string `json:"role"`
	ReplicatesFrom string `json:"replicates_from,omitempty"`
	Connected      bool   `json:"connected"`
	PID            int    `json:"pid,omitempty"`
	File           string `json:"file"`
	Reason         string `json:"reason,omitempty"`
	// Term is 0, and TermID, Lineage and Progress are empty, in data that was never
	// promoted under this agent, or cannot be read.
	Term     uint64 `json:"term"`
	TermID   string `json:"term_id"`
	Lineage  string `json:"lineage"`
	Progress string `json:"progress"`
	// Current is nil if the cluster record is unknown, or if there is none.
	Current *bool `json:"current"`
	// Sessions is how many OVSDB sessions the server has, nil if it does not say.
	Sessions *int `json:"sessions,omitempty"`
	// SessionsLost is nil if the supervisor has lost no session to the source since it started.
	SessionsLost *control.SessionLoss `json:"sessions_lost,omitempty"`

	position *replication.Position
}

// northdReport is the ovn-northd of the promoted node.
type northdReport struct {
	// PID is 0 if it does not run.
	PID int `json:"pid"`
	// Managed reports whether the agent runs it.
	Managed bool `json:"managed"`
	// Waits says why it is not started yet.
	Waits string `json:"waits,omitempty"`
}

type clusterReport struct {
	Available bool          `json:"available"`
	Error     string        `json:"error,omitempty"`
	Record    *recordReport `json:"record"`
	Nodes     []nodeReport  `json:"nodes"`
	// Unmanaged are the nodes on which the cluster leaves the resource alone: it is paused, or in maintenance.
	Unmanaged []string `json:"unmanaged,omitempty"`
}

// recordReport is the cluster record.
type recordReport struct {
	Term   uint64 `json:"term"`
	TermID string `json:"term_id"`
	Node   string `json:"node"`
	// Members are the nodes that may lead next, empty if that is not known. End is where the data
	// ended when Node was demoted as planned.
	Members []string `json:"members,omitempty"`
	End     string   `json:"end,omitempty"`
	Blessed string   `json:"blessed,omitempty"`
}

type nodeReport struct {
	Name  string `json:"name"`
	State string `json:"state"`
	Role  string `json:"role"`
	// Score is nil for an instance that cannot be promoted.
	Score *int `json:"score"`
	// Publishes are the addresses a promoted node has published for replication.
	Publishes string `json:"publishes,omitempty"`
	// Versions is nil for a node that has published none since it joined the cluster.
	Versions *versionsReport `json:"versions,omitempty"`
}

func newReport(c *control.Controller, o replication.Observation) report {
	v := replication.Assess(o)
	r := report{
		Schema: statusSchema, Node: c.Node, Resource: c.Instance, Health: string(v.Health),
		Problems: []string{}, Copies: []copyReport{}, Cluster: clusterReport{Nodes: []nodeReport{}},
	}
	for i, s := range o.Servers {
		r.Servers = append(r.Servers, serverReport{
			Database: s.Database, Role: string(s.Condition), ReplicatesFrom: s.Source,
			Connected: s.Link == replication.LinkReplicating, PID: s.PID,
			File: c.Units[i].Files.Database, Reason: s.Reason,
		})
	}
	if n := o.Northd; o.Promoted() && (n.Managed || n.PID != 0) {
		r.Northd = &northdReport{PID: n.PID, Managed: n.Managed, Waits: n.Waits}
	}
	for _, reason := range v.Reasons {
		r.problem(reason)
	}
	r.judge(v.Health)
	return r
}

// addData adds the positions of the database files.
func (r *report) addData(ctx context.Context, c *control.Controller) {
	for i, u := range c.Units {
		position, err := c.ReadPosition(ctx, u)
		if errors.Is(err, fs.ErrNotExist) && r.Health == string(replication.HealthStopped) {
			continue
		}
		if err != nil {
			r.problem(err.Error())
			continue
		}
		s := &r.Servers[i]
		s.position = &position
		s.Term, s.TermID, s.Lineage = position.Term, position.TermID, position.Lineage
		if position.Marked() {
			s.Progress = position.Progress.String()
		}
	}
}

// addRecord adds the cluster record.
func (r *report) addRecord(record *replication.Record) {
	if record == nil {
		return
	}
	r.record = record
	r.Cluster.Record = &recordReport{
		Term: record.Term, TermID: record.TermID, Node: record.Node, Blessed: record.Blessed, Members: record.Members,
	}
	if len(record.End) > 0 {
		r.Cluster.Record.End = record.End.Summary()
	}
}

// compareWithRecord compares this node's data with the record. Data of an unpromoted node that has
// not seen the current term cannot lead.
func (r *report) compareWithRecord() {
	for i := range r.Servers {
		s := &r.Servers[i]
		if s.position == nil || r.record == nil {
			continue
		}
		current := s.position.Current(*r.record)
		s.Current = &current
	}
}

// addElection adds the last election that this node held.
func (r *report) addElection(c *control.Controller) {
	last, err := c.LastElection()
	if err != nil {
		r.problem(err.Error())
	}
	r.LastElection = last
}

func (r *report) judge(h replication.Health) {
	r.Healthy = h == replication.HealthActive || h == replication.HealthBackup
}

// addCluster adds the cluster's view of the resource and its faults, and returns what the other
// nodes have published.
func (r *report) addCluster(ctx context.Context, t target) otherNodes {
	others := otherNodes{sources: map[string]replication.Sources{}}
	a := askResource(ctx, t.controller)
	r.Cluster.Available = true
	r.addNodes(t.view, a.scores, a.published)
	r.checkPromoted()
	r.addMaintenance(t.view)
	r.addRecord(a.record)
	others.sources, others.states = sourcesOf(a.published, t.controller.Units), a.states
	if a.err != nil {
		r.problem(a.err.Error())
	}
	if a.silent {
		return others
	}
	if r.record != nil {
		var err error
		if others.freshness, err = t.controller.Freshness(ctx, r.record.TermID); err != nil {
			r.problem(err.Error())
		}
	}
	r.addUpgrade(ctx, t.controller)
	return others
}

// resourceAnswers is what the cluster says of the resource. A daemon of Pacemaker that hangs leaves out its
// own part.
type resourceAnswers struct {
	scores, published map[string]string
	states            map[string]replication.State
	record            *replication.Record
	// silent says that the attribute manager has not answered: it is asked for no more. Err joins all that
	// could not be had.
	silent bool
	err    error
}

// askResource asks all at once, so that one daemon that hangs costs the others no time.
func askResource(ctx context.Context, c *control.Controller) (a resourceAnswers) {
	var noScores, unpublished, unstated, unrecorded error
	parallel.Do(
		func() { a.scores, noScores = c.Cluster.Scores(ctx) },
		func() { a.published, unpublished = c.Cluster.Published(ctx, control.TopicActive) },
		func() { a.states, unstated = c.States(ctx) },
		func() { a.record, unrecorded = c.Record(ctx) },
	)
	a.silent = noScores != nil || unpublished != nil || unstated != nil
	a.err = errors.Join(noScores, unpublished, unstated, unrecorded)
	return a
}

// sourcesOf reads where nodes say that they are replicated from. What cannot be read is left out.
func sourcesOf(published map[string]string, units []control.Unit) map[string]replication.Sources {
	var names []string
	for _, u := range units {
		names = append(names, u.Name())
	}
	all := map[string]replication.Sources{}
	for node, text := range published {
		if sources, err := replication.ParseSources(text, names); err == nil {
			all[node] = sources
		}
	}
	return all
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

// promoted returns the nodes that are promoted, as far as the cluster knows.
func (r *report) promoted() []string {
	var promoted []string
	for _, n := range r.Cluster.Nodes {
		if n.Role == "Promoted" {
			promoted = append(promoted, n.Name)
		}
	}
	return promoted
}

func (r *report) checkPromoted() {
	promoted := r.promoted()
	switch len(promoted) {
	case 0:
		r.problem("no node of the cluster is promoted: nothing serves clients; see: crm_mon -1rfA")
	case 1:
	default:
		r.problem(fmt.Sprintf("the cluster shows %d promoted nodes: %s; rows that only one of them gets will be lost; see which one the record names, "+
			"and stop the other: ovndb-servers status -v, crm_mon -1rfA", len(promoted), strings.Join(promoted, ", ")))
	}
}

// problem adds what is wrong, with the next command.
func (r *report) problem(text string) {
	r.Healthy = false
	r.Problems = append(r.Problems, r.withNext(text))
}

func (r *report) exitCode() int {
	switch {
	case !r.Cluster.Available:
		return exitUnknown
	case len(r.promoted()) != 1 || r.Health == string(replication.HealthFailedActive):
		return exitCritical
	case r.Healthy || r.Health == string(replication.HealthStopped) && len(r.Problems) == 0:
		return exitHealthy
	default:
		return exitDegraded
	}
}

// localNode returns by which names the cluster knows this node, as the last action of the resource in
// a run directory did, else the name that was asked for.
func localNode(runDir, asked string) control.Identity {
	if known := control.IdentityIn(runDir); known.Name != "" {
		return known
	}
	return control.Identity{Name: asked}
}

// askNode returns Pacemaker's name of this node; without an answer it is the host's name.
func askNode(ctx context.Context) string {
	name, err := pacemaker.LocalNode(ctx)
	if err != nil || name == "" {
		name, _ = os.Hostname() // an empty name is shown as such
	}
	return name
}
