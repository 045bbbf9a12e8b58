package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// otherNodes is what is known of the other nodes.
type otherNodes struct {
	// sources are the addresses that promoted nodes have published, by node and database.
	sources map[string]replication.Sources
	// freshness is what backups have published in the term of the record; a node that has published
	// none is not in it.
	freshness map[string]replication.Freshness
	// states are what the supervisors of nodes have published; of a version that is not known, anything.
	states map[string]replication.State
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
	addresses := slices.Collect(maps.Keys(questions))
	answers := parallel.Map(addresses, func(address string) sourceAnswer {
		ctx, cancel := context.WithTimeout(ctx, sourceTimeout)
		defer cancel()
		state, err := questions[address].AskSource(ctx, address)
		return sourceAnswer{state: state, err: err}
	})
	n.answers = map[string]sourceAnswer{}
	for i, address := range addresses {
		n.answers[address] = answers[i]
	}
}

func speaksTLS(address string) bool { return strings.HasPrefix(address, "ssl:") }

// sourceTimeout is how long a server of another node may take to answer.
const sourceTimeout = 3 * time.Second

// addOtherCopies adds the rows of another node.
func (r *report) addOtherCopies(n nodeReport, units []control.Unit, others otherNodes) {
	role := map[string]string{"Promoted": "active", "Unpromoted": "backup", "Started": "backup"}[n.Role]
	if role == "" {
		role = "stopped"
	}
	var rows []copyReport
	for _, u := range units {
		row := copyReport{Node: n.Name, Database: u.Name(), Role: role, Score: n.Score}
		row.State, row.Known = r.otherState(n, role, u.Name(), others)
		if role == "active" {
			row.Beat = others.beatOf(n.Name, u.Name())
		}
		rows = append(rows, row)
	}
	switch {
	case n.State == "offline" || n.State == "unclean":
		r.problem(fmt.Sprintf("node %s is %s and keeps no copy up to date; see: crm_mon -1rfA", n.Name, n.State))
	case n.away():
	case role == "active" && others.states[n.Name] == replication.StateNoWrites:
		r.problem(fmt.Sprintf("node %s is promoted and says that clients cannot write to it (%s); on %s: ovndb-servers status",
			n.Name, replication.StateNoWrites, n.Name))
		doubtWrites(rows)
	case role == "backup":
		r.checkBackup(n.Name, others.backupState(n.Name))
	}
	r.Copies = append(r.Copies, rows...)
}

// away reports whether Pacemaker has the node run no server, or does not know whether it does.
func (n nodeReport) away() bool {
	return slices.Contains([]string{"offline", "unclean", "pending", "standby"}, n.State)
}

// otherState is the state of a copy on another node, and how it is known.
func (r *report) otherState(n nodeReport, role, database string, others otherNodes) (state, known string) {
	switch {
	case n.away():
		return n.State, knownByPacemaker
	case role == "active":
		state, known = r.activeState(n.Name, database, others), knownByAnswer
		if state == stateUnknown && others.states[n.Name] == replication.StateActive {
			state, known = stateFresh, knownByWord
		}
	case role == "backup":
		state, known = others.backupState(n.Name), knownByWord
	default:
		state = stateUnknown
	}
	if state == stateUnknown {
		known = ""
	}
	return state, known
}

// doubtWrites marks the copies of a node that says that clients cannot write to it, unless one of them is known
// to be the reason: an active server commits an empty transaction whether or not its disk takes writes.
func doubtWrites(rows []copyReport) {
	if slices.ContainsFunc(rows, func(c copyReport) bool { return c.State != stateFresh && c.State != stateUnknown }) {
		return
	}
	for i := range rows {
		rows[i].State, rows[i].Known = stateNoWrites, knownByWord
	}
}

// checkBackup adds the fault of a backup on another node. While no node is promoted, it is right to be parked.
func (r *report) checkBackup(node, state string) {
	says := map[string]string{
		stateBehind: "is behind the promoted node",
		stateStale:  "is behind the promoted node, or does not follow it",
		stateParked: "follows no node",
		stateBarred: "may not lead, by its data",
		stateFailed: "has a server that does not work",
	}[state]
	if says == "" || state == stateParked && len(r.promoted()) == 0 {
		return
	}
	r.problem(fmt.Sprintf("node %s says that it %s; on %s: ovndb-servers status", node, says, node))
}

// activeState judges a promoted node by the answer of its server, as Pacemaker knows less of it.
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

// beatOf returns the last beat in the answer of a promoted node's server; nil if it has not answered.
func (n otherNodes) beatOf(node, database string) *uint64 {
	marker := n.answers[n.sources[node][database]].state.Marker
	if marker == nil {
		return nil
	}
	return &marker.Beat
}

// backupState is the state of a backup on another node by its word. The freshness is published at once, the
// state only when it has lasted: so the former says whether the node is fresh, the latter why not.
func (n otherNodes) backupState(node string) string {
	state := n.states[node]
	if outside := map[replication.State]string{
		replication.StateParked: stateParked, replication.StateBarred: stateBarred, replication.StateFailed: stateFailed,
	}[state]; outside != "" {
		return outside
	}
	freshness := n.freshness[node]
	switch {
	case freshness == replication.FreshnessFresh, freshness != replication.FreshnessStale && state == replication.StateFresh:
		return stateFresh
	case state == replication.StateStale:
		return stateStale
	case freshness == replication.FreshnessStale:
		return stateBehind
	default:
		return stateUnknown
	}
}
