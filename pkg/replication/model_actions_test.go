package replication_test

import (
	"fmt"
	"slices"

	"ovndb-servers/pkg/replication"
)

// action is a verb of the agent on one node, which can crash before each of its lines.
type action struct {
	kind  string
	lines []func() bool // each reports whether the action goes on
	at    int
	began bool // it has begun a term
	// blessed says that it began by an operator's word, latest is the latest term that its election could know of.
	blessed bool
	latest  uint64
}

func (w *world) begin(m *machine, kind string, lines ...func() bool) {
	if m.action == nil && m.up && m.started {
		m.action = &action{kind: kind, lines: lines}
	}
}

// step runs the next line of a node's action.
func (w *world) step(m *machine) {
	a := m.action
	if a == nil {
		return
	}
	line := a.lines[a.at]
	a.at++
	if !line() || a.at == len(a.lines) {
		m.action = nil
	}
}

// promote plays the steps from the notification before a promotion to its end. Nodes in lost
// do not get the notification, or do not answer.
func (w *world) promote(m *machine, lost []string) {
	if !w.mayBePromoted(m) {
		return
	}
	answers := map[string]replication.Candidate{}
	var old *replication.Record
	unheld := func() bool { // a supervisor has taken the promotion back meanwhile
		return m.own == nil
	}
	activate := func(d int) func() bool {
		return func() bool {
			if unheld() {
				return false
			}
			s := &m.servers[d]
			s.active, s.sessions, s.source = true, false, -1
			return true
		}
	}
	mark := func(d int) func() bool {
		return func() bool {
			if unheld() {
				return false
			}
			begins := m.own.Markers[databases[d]]
			m.servers[d].mark(begins, w.rules.durable)
			m.servers[d].wasWritable = false
			return true
		}
	}
	w.begin(m, "promote",
		func() bool { w.poll(m, lost, answers); return true },
		func() bool {
			var e replication.Election
			e, old = w.election(m, answers), m.cib.record
			return w.decide(m, e)
		},
		activate(0), mark(0), activate(1), mark(1),
		func() bool {
			if unheld() {
				return false
			}
			found := m.cib.record
			if !w.swap(m, old, m.own.Record) {
				w.parkAll(m)
				m.forget()
				return false
			}
			w.checkSwapped(m, found)
			return true
		},
		func() bool { return w.open(m) },
	)
}

// mayBePromoted reports whether Pacemaker promotes a node, and this begins with an election.
func (w *world) mayBePromoted(m *machine) bool {
	for _, other := range w.beside(m) {
		if other != m && (w.leads(other) || other.action != nil && other.action.kind == "promote") {
			return false // Pacemaker demotes first
		}
	}
	if w.leads(m) {
		return false
	}
	if w.rules.again && m.allActive() && m.own != nil && w.rules.judge(m.own, m.cib.record) == replication.TermRecordLost {
		w.restore(m)
		return false
	}
	return true
}

// open is the rest of a promotion, once its record is swapped in.
func (w *world) open(m *machine) bool {
	if m.own == nil || !m.allActive() {
		return false
	}
	m.own.Recorded = true
	for d := range m.servers {
		if s := &m.servers[d]; s.marker != nil && s.marker.Beat < replication.BeatRecorded {
			w.beat(m, d, false)
		}
		m.servers[d].sessions = true
	}
	m.serving, m.yielding = true, false
	clear(m.rounds)
	return true
}

// mark writes a marker, and reports it to the disk if it is to be durable.
func (s *server) mark(m replication.Marker, durable bool) {
	s.receive(entry{mark: &m})
	s.seen = m.Beat
	if durable {
		s.disk = s.image
	}
}

// beat writes the marker of the node's own term with the next beat.
func (w *world) beat(m *machine, d int, durable bool) {
	next, found := m.own.Markers[databases[d]], m.servers[d].marker
	next.Beat = max(m.servers[d].seen, replication.BeatBegun)
	if found != nil && found.TermID == next.TermID {
		next.Beat = max(next.Beat, found.Beat)
	}
	next.Beat++
	m.servers[d].mark(next, durable)
}

// poll asks the nodes that take part for their positions. Before a backup answers whose source
// is gone, it parks.
func (w *world) poll(m *machine, lost []string, answers map[string]replication.Candidate) {
	for _, other := range w.beside(m) {
		if !other.started {
			continue
		}
		c := replication.Candidate{}
		if other != m && !slices.Contains(lost, other.name) {
			for d := range other.servers {
				s := &other.servers[d]
				if s.source < 0 || w.replicates(other, d) && w.nodes[s.source].servers[d].active {
					continue
				}
				s.answered = true
				if w.rules.park {
					s.source = -1
				}
			}
			c.Positions = other.positions()
		}
		answers[other.name] = c
	}
}

func (w *world) election(m *machine, answers map[string]replication.Candidate) replication.Election {
	e := replication.Election{
		Record: m.cib.record, Self: m.name, Candidates: map[string]replication.Candidate{},
		Known: m.latest, WhenBehind: m.whenBehind,
	}
	if m.blessing.Holds(e.Record) || m.blessing != nil && !w.rules.void {
		e.Blessing = m.blessing
	}
	for node, c := range answers {
		c.Rounds = m.rounds[node]
		if other := w.named(node); other.banned && other.banKnown {
			c.Unable = "a constraint keeps the role away from it"
		}
		e.Candidates[node] = c
	}
	e.Candidates[m.name] = replication.Candidate{Positions: m.positions()}
	for _, other := range w.nodes {
		if _, takesPart := e.Candidates[other.name]; !takesPart {
			e.Absent = append(e.Absent, other.name)
		}
	}
	return e
}

// decide holds the election, and begins the node's own term if it may lead.
func (w *world) decide(m *machine, e replication.Election) bool {
	d := w.rules.decide(e)
	m.refused = d
	w.checkChoice(e, d)
	if !d.Lead {
		for _, node := range d.Wait {
			m.rounds[node]++
		}
		if d.Yield != "" {
			m.rounds[d.Yield]++
		}
		if len(d.Wait) == 0 {
			m.yielding = w.rules.yield
		}
		return false
	}
	m.action.blessed = m.blessed(e.Record)
	if latest := w.latestOf(e); latest != nil {
		m.action.latest = latest.Term
	}
	if !m.action.blessed {
		w.checkDecision(m, e)
	}
	w.ids++
	drawn := 0
	own := e.Begin(func() string { drawn++; return id(fmt.Sprintf("%s/%d/%d", m.name, w.ids, drawn)) })
	if w.rules.flags { // until the data itself says of which term it is
		m.servers[0].wasWritable, m.servers[1].wasWritable = true, true
	}
	m.forget()
	m.own, m.rebooted, m.action.began = &own, false, true
	m.latest = max(m.latest, own.Record.Term)
	return true
}

func (w *world) parkAll(m *machine) {
	m.park(0)
	m.park(1)
	m.serving = false
}

// demote is a planned demotion.
func (w *world) demote(m *machine) {
	whole := false
	readOnly := func(d int) func() bool {
		return func() bool {
			sessions := m.servers[d].sessions
			m.park(d)
			m.servers[d].sessions = sessions // so that backups receive the last transaction
			return true
		}
	}
	w.begin(m, "demote",
		func() bool { w.look(m); m.serving = false; return true },
		func() bool {
			whole = m.own != nil && m.own.Recorded && m.allActive()
			for d := range m.servers {
				if whole {
					w.beat(m, d, true)
				}
			}
			return true
		},
		func() bool { whole = whole && m.allActive(); return true },
		readOnly(0), readOnly(1),
		func() bool {
			for d := range m.servers {
				if w.rules.sync {
					m.servers[d].disk = m.servers[d].image
				}
			}
			return true
		},
		func() bool { w.end(m, whole); return true },
		func() bool { m.forget(); return true },
	)
}

// end swaps the end of the node's term into the record.
func (w *world) end(m *machine, whole bool) {
	if m.own == nil || !whole || w.rules.judge(m.own, m.cib.record) != replication.TermHeld {
		return
	}
	if w.swap(m, m.cib.record, m.cib.record.Demoted(m.positions())) {
		w.ends[m.own.Record.TermID] = [2]image{m.servers[0].image, m.servers[1].image}
	}
}

// following holds the facts that a follow has learnt of its source, database by database.
type following struct {
	source   int
	admitted replication.Admission
	term     string // of the source when it was asked; empty if there is nothing to do
}

// follow points the servers of a node at the active one, once it is certain that this discards
// nothing.
func (w *world) follow(m *machine) {
	f := &following{source: -1}
	for i, other := range w.nodes {
		if other != m && other.side == m.side && w.leads(other) {
			f.source = i
		}
	}
	if f.source < 0 {
		return
	}
	lines := []func() bool{func() bool { return w.retire(m) }}
	for d := range databases {
		lines = append(lines,
			func() bool { return w.admit(m, d, f) },
			func() bool { w.keep(m, d, f); return true },
			func() bool { return w.copy(m, d, f.source, f.term) })
	}
	w.begin(m, "follow", lines...)
}

func (w *world) retire(m *machine) bool {
	if w.leads(m) {
		return false
	}
	for d := range m.servers {
		if m.servers[d].active {
			m.park(d)
		}
	}
	m.forget()
	return true
}

func (w *world) admit(m *machine, d int, f *following) bool {
	s, source := &m.servers[d], w.nodes[f.source]
	from := &source.servers[d]
	f.term, f.admitted = "", replication.Admission{}
	if w.replicates(m, d) && s.source == f.source && !s.wasWritable {
		return true
	}
	m.park(d) // so that it does not turn active by itself between the question and the copy
	f.admitted = w.rules.admit(replication.Joining{
		Own: s.position(), Rows: len(s.log), WasWritable: s.wasWritable,
		Source: from.marker, SourceWritable: from.active && source.side == m.side, Record: m.cib.record,
	})
	if f.admitted.Refuse != "" {
		return false
	}
	f.term = from.marker.TermID
	return true
}

func (w *world) keep(m *machine, d int, f *following) {
	if f.term != "" && f.admitted.Snapshot != "" {
		m.snapshots[d] = append(m.snapshots[d], m.servers[d].image)
	}
}

// copy makes a server a backup, whose rows go as it receives those of the source.
func (w *world) copy(m *machine, d, source int, term string) bool {
	if term == "" {
		return true
	}
	s, from := &m.servers[d], &w.nodes[source].servers[d]
	if w.nodes[source].side != m.side || !from.sessions || !from.active || from.marker == nil || from.marker.TermID != term {
		return false
	}
	if gone := w.lost(s, d, from.log); len(gone) > 0 && w.hopeless == "" {
		w.fail("I5: %s of %s follows %s and discards %d writes that are nowhere else", databases[d], m.name, w.nodes[source].name, len(gone))
	}
	s.log, s.marker, s.changes, s.possible = from.log, from.marker, 0, uint64(len(from.log))
	s.generation++
	s.source, s.sourceGeneration, s.wasWritable, s.answered = source, from.generation, false, false
	m.yielding = false
	clear(m.rounds)
	return true
}
