package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// remoteReport is the result of status for servers that are named. Its keys are as those of report.
type remoteReport struct {
	Schema   int          `json:"schema"`
	Healthy  bool         `json:"healthy"`
	Problems []string     `json:"problems"`
	Copies   []remoteCopy `json:"copies"`

	code int
	wide bool
}

// remoteCopy is what one server says of its database.
type remoteCopy struct {
	Address  string `json:"address"`
	Database string `json:"database"`
	// Role is "active", "backup", "clustered", "relay", or "unknown" of one that does not answer.
	Role  string `json:"role"`
	State string `json:"state"`
	// Term, TermID, Lineage and Beat are those of the agent's marker, 0 and empty without one.
	Term    uint64 `json:"term"`
	TermID  string `json:"term_id"`
	Lineage string `json:"lineage"`
	Beat    uint64 `json:"beat"`
	// Reason is why the server has not answered.
	Reason string `json:"reason,omitempty"`
}

// States that only servers have that are named.
const (
	stateNotListening = "not listening"
	stateOtherData    = "other data"
)

const (
	roleActive  = "active"
	roleBackup  = "backup"
	roleUnknown = "unknown"
)

// judgeRemote compares the answers of servers, of which those of one database follow each other.
func judgeRemote(servers []remoteServer) remoteReport {
	r := remoteReport{Schema: statusSchema, Problems: []string{}, Copies: []remoteCopy{}}
	for len(servers) > 0 {
		database := servers[0].database.Name
		n := slices.IndexFunc(servers, func(s remoteServer) bool { return s.database.Name != database })
		if n < 0 {
			n = len(servers)
		}
		r.judge(remoteGroup{database: database, servers: servers[:n]})
		servers = servers[n:]
	}
	r.Healthy = r.code == exitHealthy
	return r
}

// remoteGroup are the servers of one database.
type remoteGroup struct {
	database string
	servers  []remoteServer
}

func (r *remoteReport) judge(g remoteGroup) {
	actives := g.actives()
	code := exitHealthy
	for i := range g.servers {
		c := g.copyOf(&g.servers[i], actives)
		r.Copies = append(r.Copies, c)
		if problem := g.problemOf(c, &g.servers[i], actives); problem != "" {
			r.Problems = append(r.Problems, problem)
			code = exitDegraded
		}
	}
	if problem, worse := g.problem(actives); problem != "" {
		r.Problems = append(r.Problems, problem)
		code = worse
	}
	r.code = worst(r.code, code)
}

// worst returns the graver of two codes: unknown is graver than degraded, and not than critical.
func worst(a, b int) int {
	order := []int{exitHealthy, exitDegraded, exitUnknown, exitCritical}
	return order[max(slices.Index(order, a), slices.Index(order, b))]
}

// actives returns the servers that take writes, each process once, whatever address it is reached by.
func (g remoteGroup) actives() []*remoteServer {
	var actives []*remoteServer
	for i := range g.servers {
		s := &g.servers[i]
		same := func(other *remoteServer) bool { return other.instance.ID == s.instance.ID }
		if s.err == nil && s.active && !slices.ContainsFunc(actives, same) {
			actives = append(actives, s)
		}
	}
	return actives
}

func (g remoteGroup) copyOf(s *remoteServer, actives []*remoteServer) remoteCopy {
	c := remoteCopy{Address: s.address, Database: g.database, Role: s.role(), State: stateUnknown}
	if s.err != nil {
		c.State, c.Reason = stateUnreachable, s.err.Error()
		if s.refuses() {
			c.State = stateNotListening
		}
		return c
	}
	if m := s.marker; m != nil {
		c.Term, c.TermID, c.Lineage, c.Beat = m.Term, m.TermID, m.Lineage, m.Beat
	}
	switch {
	case c.Role == roleActive:
		c.State = s.activeState(actives)
	case c.Role == roleBackup && len(actives) == 1:
		c.State = s.backupState(actives[0])
	}
	return c
}

func (s *remoteServer) role() string {
	switch {
	case s.err != nil:
		return roleUnknown
	case s.instance.Model != ovsdbctl.ModelStandalone:
		return s.instance.Model
	case s.active:
		return roleActive
	default:
		return roleBackup
	}
}

// activeState is fresh of the only active; of several, only terms can tell which one is over.
func (s *remoteServer) activeState(actives []*remoteServer) string {
	later := func(other *remoteServer) bool {
		return s.marker != nil && other.marker != nil && s.marker.Lineage == other.marker.Lineage && s.marker.Term < other.marker.Term
	}
	switch {
	case len(actives) == 1:
		return stateFresh
	case slices.ContainsFunc(actives, later):
		return stateOldTerm
	default:
		return stateUnknown
	}
}

// backupState compares a backup with the active. Without the agent's markers it can be found out only
// that it holds other data.
func (s *remoteServer) backupState(active *remoteServer) string {
	switch {
	case s.globalID == "" && active.globalID != "":
		return stateBehind
	case s.globalID != active.globalID:
		return stateOtherData
	case active.marker == nil:
		return stateUnknown
	case s.marker == nil:
		return stateBehind
	default:
		return comparedState(s.marker, active.marker)
	}
}

// comparedState compares the marker of a backup with that of the active.
func comparedState(own, its *replication.Marker) string {
	switch {
	case own.Lineage != its.Lineage, own.TermID != its.TermID && own.Term >= its.Term:
		return stateOtherData
	case own.TermID != its.TermID:
		return stateOldTerm
	case own.Beat < its.Beat:
		return stateBehind
	default:
		return stateFresh
	}
}

// problemOf is what is wrong with one server; empty if nothing is. A backup of this agent does not
// listen.
func (g remoteGroup) problemOf(c remoteCopy, s *remoteServer, actives []*remoteServer) string {
	agents := len(actives) == 1 && actives[0].marker != nil
	where := fmt.Sprintf("the %s server at %s", g.database, c.Address)
	switch c.State {
	case stateNotListening:
		if agents {
			return ""
		}
		return fmt.Sprintf("%s does not listen: %s; on its node: %s", where, s.refusal(), listeners(c.Address))
	case stateUnreachable:
		if errors.Is(s.err, ovsdbctl.ErrNoDatabase) {
			return fmt.Sprintf("%s has no such database; those that it has: ovsdb-client list-dbs %s", where, c.Address)
		}
		return fmt.Sprintf("%s does not answer from here: %s; on its node: %s", where, c.Reason, listeners(c.Address))
	case stateBehind:
		return fmt.Sprintf("%s is behind the active at %s for more than %s; on its node: ovndb-servers status",
			where, actives[0].address, catchUpTimeout)
	case stateOldTerm:
		return fmt.Sprintf("%s holds data of an earlier term; on its node: ovndb-servers status", where)
	case stateOtherData:
		return fmt.Sprintf("%s does not replicate from the active at %s: it holds other data; on its node: "+
			"ovs-appctl -t <its control socket> ovsdb-server/sync-status", where, actives[0].address)
	default:
		return ""
	}
}

// listeners returns the command that shows what listens where a server should.
func listeners(address string) string {
	if strings.HasPrefix(address, "unix:") {
		return "ss -lxp"
	}
	return "ss -ltnp"
}

// problem is what is wrong with all servers of a database, and its exit code.
func (g remoteGroup) problem(actives []*remoteServer) (string, int) {
	clustered := func(s remoteServer) bool { return s.role() == ovsdbctl.ModelClustered }
	switch {
	case slices.ContainsFunc(g.servers, clustered):
		return fmt.Sprintf("%s is kept by a Raft cluster, which has no backups; on a node of it: ovs-appctl -t <its control socket> "+
			"cluster/status %s", g.database, g.database), exitUnknown
	case len(actives) > 1:
		var addresses []string
		for _, s := range actives {
			addresses = append(addresses, s.address)
		}
		return fmt.Sprintf("%d %s servers take writes: %s; rows that only one of them gets will be lost; on their nodes: crm_mon -1rfA",
			len(actives), g.database, strings.Join(addresses, ", ")), exitCritical
	case len(actives) == 1:
		return "", exitHealthy
	case g.silent():
		return fmt.Sprintf("no %s server answers from here, so that it is not known which one is active; on their nodes: ovndb-servers status",
			g.database), exitUnknown
	default:
		return fmt.Sprintf("no %s server that can be reached takes writes; on a node of their cluster: crm_mon -1rfA", g.database), exitCritical
	}
}

// silent reports whether no server of the group has said anything, not even that nothing listens.
func (g remoteGroup) silent() bool {
	return !slices.ContainsFunc(g.servers, func(s remoteServer) bool { return s.err == nil || s.refuses() })
}
