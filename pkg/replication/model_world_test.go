package replication_test

import (
	"fmt"
	"slices"

	"ovndb-servers/pkg/replication"
)

// entry is a transaction of a database: a row that a client changes, or a marker.
type entry struct {
	id   int // of an acknowledged write, 0 if it is none
	row  int
	mark *replication.Marker
	// tampered is a client's change of the marker; mark is then the rest of it.
	tampered bool
}

// image is the content of a database file.
type image struct {
	log               []entry
	marker            *replication.Marker
	changes, possible uint64
}

// receive appends transactions that arrive as one record of the file.
func (i *image) receive(group ...entry) {
	i.log = append(slices.Clip(i.log), group...)
	rows, marked := map[int]bool{}, false
	for _, e := range group {
		if e.mark != nil || e.tampered {
			i.marker, marked = e.mark, true
		}
		if e.id > 0 || e.tampered { // a restore writes all rows in one transaction
			rows[e.row] = true
		}
	}
	if marked {
		i.changes, i.possible = 0, 0
	} else {
		i.changes += uint64(len(rows))
	}
	i.possible += uint64(len(rows))
}

// beats counts the markers of a term in the content of a file: the beat that its position should have.
func (i *image) beats(termID string) int {
	n := 0
	for _, e := range i.log {
		if e.mark != nil && e.mark.TermID == termID {
			n++
		}
	}
	return n
}

func (i *image) position() replication.Position {
	content := ""
	if len(i.log) > 0 {
		content = "rows"
	}
	return replication.PositionOf(i.marker, i.changes, i.possible, content)
}

// server is a database server with its file.
type server struct {
	image
	disk   image // the content after a power loss
	active bool
	// sessions are those of backups, which outlive a demotion; generation counts the histories
	// that the file has had.
	sessions   bool
	generation int
	// source is the node that it replicates, -1 if it is parked.
	source           int
	sourceGeneration int
	wasWritable      bool // in the node's state: writable without leading since it last followed
	seen             uint64
	answered         bool // an election, when its source was gone
}

// cib is a node's copy of the cluster's configuration.
type cib struct {
	record *replication.Record
	epoch  int
}

// machine is a node of the cluster.
type machine struct {
	name        string
	up, started bool
	side        int // nodes of one side reach each other
	cib         cib
	servers     [2]server
	own         *replication.OwnTerm // in the node's state
	serving     bool                 // its listeners are open
	action      *action
	rebooted    bool // since it was promoted
	rounds      map[string]int
	yielding    bool // its score says not to ask it: it has left the promotion to another node, or refused it
	// roundsBefore are those from before the faults ended.
	roundsBefore map[string]int
	// banned says that an operator keeps the role from the node, banKnown that the agents know that.
	banned, banKnown bool
	// latest is the latest term that the node knows of, whenBehind that an operator lets it lead though it is behind.
	latest     uint64
	whenBehind bool
	blessing   *replication.Blessing
	snapshots  [2][]image
	refused    replication.Decision
}

// world is a cluster, and the knowledge of an observer outside of it.
type world struct {
	rules    rules
	nodes    []*machine
	records  []*replication.Record // all that were ever swapped in
	ids      int
	acked    map[int]int // database of each write
	excused  map[int]bool
	ends     map[string][2]image // of terms whose end is recorded
	tampered bool                // a client's change of a marker has not been healed yet
	// hopeless says why no node may ever lead again without an operator.
	hopeless string
	// touched says that an operator has taken away what nodes decide by: the record, a disk, or that data has to prove more.
	touched  bool
	settling bool     // faults have ended
	broken   []string // invariants, as they break
}

var databases = [2]string{nb, sb}

// newWorld returns a cluster of n nodes in its first term, which n1 leads and the others follow.
func newWorld(n int, r rules) *world {
	w := &world{rules: r, acked: map[int]int{}, excused: map[int]bool{}, ends: map[string][2]image{}}
	record := &replication.Record{Term: 1, TermID: id("first"), Node: "n1"}
	own := &replication.OwnTerm{Recorded: true, Markers: map[string]replication.Marker{}}
	for i := range n {
		m := &machine{name: fmt.Sprintf("n%d", i+1), up: true, started: true, rounds: map[string]int{}}
		record.Members = append(record.Members, m.name)
		w.nodes = append(w.nodes, m)
	}
	for d, name := range databases {
		mark := replication.Marker{Lineage: id(name), Term: 1, TermID: record.TermID, Active: "n1", Beat: 1}
		own.Markers[name] = mark
		again := mark
		again.Beat = replication.BeatRecorded
		for i, m := range w.nodes {
			s := &m.servers[d]
			s.receive(entry{mark: &mark})
			s.receive(entry{mark: &again})
			s.disk, s.source = s.image, 0
			if i == 0 {
				s.active, s.sessions, s.source, s.seen = true, true, -1, replication.BeatRecorded
			}
		}
	}
	own.Record = *record
	w.nodes[0].own, w.nodes[0].serving = own, true
	for _, m := range w.nodes {
		m.take(cib{record: record})
	}
	w.records = append(w.records, record)
	return w
}

func (w *world) fail(format string, args ...any) {
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

func (w *world) named(name string) *machine {
	for _, m := range w.nodes {
		if m.name == name {
			return m
		}
	}
	return nil
}

// beside returns the nodes that m reaches, itself among them.
func (w *world) beside(m *machine) []*machine {
	var nodes []*machine
	for _, other := range w.nodes {
		if other == m || m.up && other.up && other.side == m.side {
			nodes = append(nodes, other)
		}
	}
	return nodes
}

// store puts a record into the configuration of all nodes that m reaches.
func (w *world) store(m *machine, record *replication.Record) {
	next := cib{record: record, epoch: m.cib.epoch + 1}
	for _, other := range w.beside(m) {
		other.take(next)
	}
}

// merge lets nodes that reach each other agree on the configuration of the highest epoch.
func (w *world) merge(m *machine) {
	latest := m.cib
	for _, other := range w.beside(m) {
		if other.cib.epoch > latest.epoch {
			latest = other.cib
		}
	}
	for _, other := range w.beside(m) {
		other.take(latest)
	}
}

// swap is a compare-and-swap of the record.
func (w *world) swap(m *machine, old *replication.Record, next replication.Record) bool {
	if err := w.rules.succeeds(next, old); err != nil {
		return false
	}
	if w.rules.compare && text(m.cib.record) != text(old) {
		return false
	}
	w.records = append(w.records, &next)
	w.store(m, &next)
	return true
}

func text(r *replication.Record) string {
	if r == nil {
		return ""
	}
	return r.String()
}

func (m *machine) positions() replication.Positions {
	positions := replication.Positions{}
	for d, name := range databases {
		s := &m.servers[d]
		positions[name] = s.position()
		if s.wasWritable || s.active && m.own == nil {
			positions[name] = positions[name].WasWritable()
		}
	}
	return positions
}

func (m *machine) anyActive() bool { return m.servers[0].active || m.servers[1].active }

func (m *machine) allActive() bool { return m.servers[0].active && m.servers[1].active }

// leads reports whether the node is the one that its cluster takes for promoted.
func (w *world) leads(m *machine) bool {
	return m.up && m.started && m.allActive() && m.serving && w.rules.judge(m.own, m.cib.record) == replication.TermHeld
}

// park makes a server read-only and ends its sessions. If it was writable without leading, that
// is on disk first.
func (m *machine) park(d int) {
	s := &m.servers[d]
	if s.active && m.own == nil {
		s.wasWritable = true
	}
	s.active, s.sessions, s.source = false, false, -1
}

// forget drops the node's own term.
func (m *machine) forget() { m.own, m.serving = nil, false }

// replicates reports whether a server has a session with the server that it is pointed at.
func (w *world) replicates(m *machine, d int) bool {
	s := &m.servers[d]
	if !m.up || !m.started || s.active || s.source < 0 {
		return false
	}
	source := w.nodes[s.source]
	return source.up && source.started && source.side == m.side && source.servers[d].sessions &&
		source.servers[d].generation == s.sourceGeneration
}

// holds reports whether a write is in any database or snapshot, except in the file of one
// server that is about to lose it.
func (w *world) holds(write, d int, except *server) bool {
	has := func(log []entry) bool {
		return slices.ContainsFunc(log, func(e entry) bool { return e.id == write })
	}
	for _, m := range w.nodes {
		if s := &m.servers[d]; s != except && has(s.log) {
			return true
		}
		for _, kept := range m.snapshots[d] {
			if has(kept.log) {
				return true
			}
		}
	}
	return false
}

// lost returns the writes that are nowhere any more once next takes the place of the content of a
// server.
func (w *world) lost(s *server, d int, next []entry) []int {
	common := 0
	for common < min(len(s.log), len(next)) && s.log[common] == next[common] {
		common++
	}
	var gone []int
	for _, e := range s.log[common:] {
		if e.id > 0 && !w.excused[e.id] && !slices.Contains(next, e) && !w.holds(e.id, d, s) {
			gone = append(gone, e.id)
		}
	}
	return gone
}
