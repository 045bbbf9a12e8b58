package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// copyReport is one database of one node.
type copyReport struct {
	Node     string `json:"node"`
	Database string `json:"database"`
	// Role is "active", "backup", "busy", "failed", "absent", or "stopped" of another node.
	Role string `json:"role"`
	// State is one of the constants below, or the state of a node that is not online.
	State string `json:"state"`
	// BehindSeconds is for how long a backup has been behind; nil where that is not known.
	BehindSeconds *float64 `json:"behind_seconds,omitempty"`
	// LastWriteSeconds is the age of the last write to the file, Sessions how many the server has;
	// nil where they are not known, as of other nodes.
	LastWriteSeconds *float64 `json:"last_write_seconds,omitempty"`
	Sessions         *int     `json:"sessions,omitempty"`
	// Score is the promotion score of the node; nil if it cannot be promoted.
	Score *int `json:"score"`
}

// The states of a copy.
const (
	stateFresh       = "fresh"
	stateBehind      = "behind"
	stateStale       = "stale"
	stateOldTerm     = "old term"
	stateParked      = "parked"
	stateUnreachable = "unreachable"
	stateReadOnly    = "read-only"
	stateUnknown     = "unknown"
)

// otherNodes is what is known of the other nodes.
type otherNodes struct {
	// sources are the addresses that promoted nodes have published, by node and database.
	sources map[string]replication.Sources
	// freshness is what backups have published in the term of the record; a node that has published
	// none is not in it.
	freshness map[string]replication.Freshness
	// answers are those of the servers at the addresses.
	answers map[string]sourceAnswer
}

type sourceAnswer struct {
	state control.SourceState
	err   error
}

// askSources asks the servers of promoted nodes, and those that this node's backups should follow. One that
// speaks TLS is not asked while the files for that are not known.
func (n *otherNodes) askSources(ctx context.Context, c *control.Controller, leader replication.Leader) {
	questions := map[string]control.Unit{} // by address
	add := func(node string, sources replication.Sources) {
		for _, u := range c.Units {
			address := sources[u.Name()]
			if node != c.Node && address != "" && (u.Endpoint.Keys.Given() || !speaksTLS(address)) {
				questions[address] = u
			}
		}
	}
	add(leader.Node, leader.Sources)
	for node, sources := range n.sources {
		add(node, sources)
	}
	n.answers = map[string]sourceAnswer{}
	var mu sync.Mutex
	var asking sync.WaitGroup
	for address, u := range questions {
		asking.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
			defer cancel()
			state, err := u.AskSource(ctx, address)
			mu.Lock()
			defer mu.Unlock()
			n.answers[address] = sourceAnswer{state: state, err: err}
		})
	}
	asking.Wait()
}

func speaksTLS(address string) bool { return strings.HasPrefix(address, "ssl:") }

// sourceTimeout is how long a server of another node may take to answer.
const sourceTimeout = 3 * time.Second

// addCopies adds a row for each database of each node, and the faults that only they show.
func (r *report) addCopies(c *control.Controller, o replication.Observation, others otherNodes) {
	own := r.ownCopies(c, o, others)
	known := false
	for _, n := range r.Cluster.Nodes {
		if n.Name == c.Node {
			known = true
			for i := range own {
				own[i].Score = n.Score
			}
			r.Copies = append(r.Copies, own...)
			continue
		}
		r.addOtherCopies(n, c.Units, others)
	}
	if !known {
		r.Copies = append(r.Copies, own...)
	}
}

func (r *report) ownCopies(c *control.Controller, o replication.Observation, others otherNodes) []copyReport {
	var own []copyReport
	for i, s := range o.Servers {
		row := copyReport{Node: c.Node, Database: s.Database, Role: string(s.Condition), Sessions: r.Servers[i].Sessions}
		if info, err := os.Stat(r.Servers[i].File); err == nil {
			row.LastWriteSeconds = secondsSince(info.ModTime())
		}
		row.State = r.ownState(i, s, others)
		if since, behind := r.behindSince[s.Database]; behind && (row.State == stateBehind || row.State == stateStale) {
			row.BehindSeconds = secondsSince(since)
		}
		own = append(own, row)
	}
	return own
}

// ownState judges a server of this node by its data and by that of its source, not by what it says
// of its session: it goes on saying that it replicates when the source has died.
func (r *report) ownState(i int, s replication.ServerState, others otherNodes) string {
	current := r.Servers[i].Current
	switch {
	case s.Condition != replication.ConditionActive && s.Condition != replication.ConditionBackup:
		return stateUnknown
	case current != nil && !*current:
		return stateOldTerm
	case s.Condition == replication.ConditionActive:
		return stateFresh
	case strings.Contains(s.Source, control.ParkingAddress):
		return stateParked
	}
	return r.followingState(i, s, others)
}

func (r *report) followingState(i int, s replication.ServerState, others otherNodes) string {
	answer, asked := others.answers[s.Source]
	switch {
	case answer.err != nil, s.Link != replication.LinkReplicating:
		return stateStale
	case !asked:
		return stateUnknown
	case r.Servers[i].holds(answer.state.Marker):
		return stateFresh
	default:
		return stateBehind
	}
}

// holds reports whether the data is at the beat of a source, or beyond it.
func (s serverReport) holds(source *replication.Marker) bool {
	return source != nil && s.position != nil && s.position.TermID == source.TermID && s.position.Progress.Beat >= source.Beat
}

// addOtherCopies adds the rows of another node.
func (r *report) addOtherCopies(n nodeReport, units []control.Unit, others otherNodes) {
	role := map[string]string{"Promoted": "active", "Unpromoted": "backup", "Started": "backup"}[n.Role]
	if role == "" {
		role = "stopped"
	}
	for _, u := range units {
		row := copyReport{Node: n.Name, Database: u.Name(), Role: role, State: stateUnknown, Score: n.Score}
		switch {
		case slices.Contains([]string{"offline", "unclean", "pending", "standby"}, n.State):
			row.State = n.State
		case role == "active":
			row.State = r.activeState(n.Name, u.Name(), others)
		case role == "backup":
			row.State = backupState(others.freshness, n.Name)
		}
		r.Copies = append(r.Copies, row)
	}
	r.checkOther(n, role, backupState(others.freshness, n.Name))
}

// checkOther adds the faults of another node that only the cluster knows.
func (r *report) checkOther(n nodeReport, role, state string) {
	switch {
	case n.State == "offline" || n.State == "unclean":
		r.problem(fmt.Sprintf("node %s is %s and keeps no copy up to date; see: crm_mon -1rfA", n.Name, n.State))
	case role == "backup" && state == stateBehind:
		r.problem(fmt.Sprintf("node %s says that it is behind the promoted node; on %s: ovndb-servers status", n.Name, n.Name))
	}
}

// activeState asks for more than Pacemaker knows of a promoted node.
func (r *report) activeState(node, database string, others otherNodes) string {
	address := others.sources[node][database]
	answer, asked := others.answers[address]
	switch {
	case !asked && speaksTLS(address):
		r.problem(fmt.Sprintf("the %s server of the promoted node %s was not asked: it speaks TLS, and the resource's parameters, "+
			"which name the files for that, cannot be read; see: ovndb-servers doctor", database, node))
		return stateUnknown
	case !asked:
		return stateUnknown
	case answer.err != nil:
		r.problem(fmt.Sprintf("the %s server of the promoted node %s does not answer from here: %v; on %s: ovndb-servers status",
			database, node, answer.err, node))
		return stateUnreachable
	case !answer.state.Active:
		r.problem(fmt.Sprintf("the %s server of the promoted node %s at %s takes no writes; on %s: ovndb-servers status",
			database, node, address, node))
		return stateReadOnly
	case r.Cluster.Record != nil && (answer.state.Marker == nil || answer.state.Marker.TermID != r.Cluster.Record.TermID):
		r.problem(fmt.Sprintf("the %s server of the promoted node %s leads another term than the cluster record's; on %s: ovndb-servers status",
			database, node, node))
		return stateOldTerm
	default:
		return stateFresh
	}
}

func backupState(known map[string]replication.Freshness, node string) string {
	switch freshness, found := known[node]; {
	case !found:
		return stateUnknown
	case freshness == replication.FreshnessFresh:
		return stateFresh
	default:
		return stateBehind
	}
}

// secondsSince returns the age of a time, to the tenth of a second.
func secondsSince(t time.Time) *float64 {
	const tenth = 100 * time.Millisecond
	age := max(time.Since(t), 0).Round(tenth).Seconds()
	return &age
}

// addSessions asks the servers for the number of their sessions.
func (r *report) addSessions(ctx context.Context, c *control.Controller) {
	for i, u := range c.Units {
		if !slices.Contains([]string{"active", "backup"}, r.Servers[i].Role) {
			continue
		}
		if n, err := u.Server.Sessions(ctx); err == nil {
			r.Servers[i].Sessions = &n
		}
	}
}
