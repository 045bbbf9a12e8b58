package replication_test

import (
	"slices"

	"ovndb-servers/pkg/replication"
)

// look is a round of the supervisor.
func (w *world) look(m *machine) {
	if !m.up || !m.started {
		return
	}
	acting := m.action != nil && m.action.kind == "promote"
	promoting := acting && (m.action.began || !w.rules.cutShort)
	switch state := w.rules.judge(m.own, m.cib.record); {
	case state == replication.TermOver, state == replication.TermUnrecorded && !promoting:
		w.stepDown(m, state)
	case state == replication.TermRecordLost:
		w.restore(m)
	case state == replication.TermHeld && !acting:
		w.goOn(m)
	case m.own == nil:
		w.parkUnasked(m)
	}
	w.checkUnrecorded(m)
}

// stepDown parks the servers of a node whose term is no longer, or not yet, the cluster's.
func (w *world) stepDown(m *machine, state replication.TermState) {
	w.parkAll(m)
	if state == replication.TermOver || m.action == nil { // else the action has the term's file
		m.forget()
	}
}

func (w *world) restore(m *machine) {
	if w.rules.restore {
		w.swap(m, m.cib.record, m.own.Record)
	}
	w.heal(m)
}

// goOn looks after the term of a node that holds it.
func (w *world) goOn(m *machine) {
	if !m.anyActive() && m.action == nil {
		m.forget()
		return
	}
	m.own.Recorded = true
	w.heal(m)
}

func (w *world) parkUnasked(m *machine) {
	for d := range m.servers {
		if m.servers[d].active {
			m.park(d)
		}
	}
}

// heal writes back the markers that a client has changed.
func (w *world) heal(m *machine) {
	for d, name := range databases {
		s := &m.servers[d]
		if !s.active {
			continue
		}
		if healed, fits := w.rules.heal(m.own, name, s.marker, s.seen); !fits {
			s.mark(healed, w.rules.durable) // else a power loss leaves the changed one
		} else {
			s.seen = max(s.seen, healed.Beat)
		}
		if slices.ContainsFunc(m.servers[d].log, func(e entry) bool { return e.tampered }) {
			w.tampered = false
		}
	}
}

// write is an acknowledged write of a client: through the listeners, or on the local socket.
func (w *world) write(m *machine, d, row int) {
	s := &m.servers[d]
	if !m.up || !m.started || !s.active {
		return
	}
	w.ids++
	w.acked[w.ids] = d
	s.receive(entry{id: w.ids, row: row})
}

// beatNow plays the beat that the supervisor writes once a second.
func (w *world) beatNow(m *machine, d int) {
	s := &m.servers[d]
	if m.action == nil && w.leads(m) && s.possible > 0 && s.marker != nil && s.marker.TermID == m.own.Record.TermID {
		w.beat(m, d, false)
	}
}

// deliver passes up to n transactions on to a backup, as one record of its file.
func (w *world) deliver(m *machine, d, n int) {
	if !w.replicates(m, d) {
		return
	}
	s, from := &m.servers[d], &w.nodes[m.servers[d].source].servers[d]
	if next := from.log[len(s.log):]; len(next) > 0 {
		if s.answered {
			w.fail("I3: %s of %s holds more than it has answered", databases[d], m.name)
		}
		s.receive(next[:min(n, len(next))]...)
	}
}

// kill ends the servers of a node, and the action that is under way.
func (w *world) kill(m *machine) {
	w.beware(m)
	if m.own == nil && m.anyActive() {
		w.hopeless = "a server turned active by itself, and died before its supervisor saw that"
	}
	m.started, m.action, m.serving = false, nil, false
	for d := range m.servers {
		s := &m.servers[d]
		s.active, s.sessions, s.source, s.seen = false, false, -1, 0
	}
}

// revive restarts the servers of a node in place: as active ones if the record still says so.
func (w *world) revive(m *machine) {
	if !m.up || m.started {
		return
	}
	m.started = true
	sameBoot := !m.rebooted || !w.rules.boot
	if m.own != nil && sameBoot && w.rules.judge(m.own, m.cib.record) == replication.TermHeld {
		for d := range m.servers {
			m.servers[d].active, m.servers[d].sessions = true, true
			if m.servers[d].marker != nil {
				m.servers[d].seen = m.servers[d].marker.Beat
			}
		}
		w.look(m)
		w.open(m)
		return
	}
	m.forget()
}

// start is the agent's start: the servers are backups, and the node leads no term.
func (w *world) start(m *machine) {
	if m.up && !m.started {
		m.started = true
		m.forget()
	}
}

// powerOff takes from a node all that is not on its disk.
func (w *world) powerOff(m *machine) {
	if !m.up {
		return
	}
	w.kill(m)
	m.up, m.rebooted, m.blessing = false, true, nil // which is an attribute that ends with the node
	for d := range m.servers {
		s := &m.servers[d]
		gone := w.lost(s, d, s.disk.log)
		for _, write := range gone {
			w.excused[write] = true
		}
		s.image = s.disk
		s.generation++
	}
}

func (w *world) powerOn(m *machine) {
	if !m.up {
		m.up = true
		w.merge(m)
	}
}

// cut moves a node to another side of a partition, or back.
func (w *world) cut(m *machine, side int) {
	w.beware(m)
	m.side = side
	w.merge(m)
}

// flush is the kernel's write-back.
func (w *world) flush(m *machine, d int) { m.servers[d].disk = m.servers[d].image }

// members plays how the active's supervisor judges its backups.
func (w *world) members(m *machine) {
	if !w.leads(m) || m.action != nil {
		return
	}
	known := map[string]replication.Freshness{}
	for _, other := range w.nodes {
		if other != m {
			known[other.name] = w.freshness(m, other)
		}
	}
	next := m.cib.record.WithFreshness(known)
	if !slices.Equal(next.Members, m.cib.record.Members) && w.swap(m, m.cib.record, next) {
		m.own.Record = next
	}
}

func (w *world) freshness(m, backup *machine) replication.Freshness {
	for d := range m.servers {
		s := &backup.servers[d]
		if !w.replicates(backup, d) || w.nodes[s.source] != m {
			return replication.FreshnessStale
		}
		if s.marker == nil || s.marker.Beat+1 < m.servers[d].seen {
			return replication.FreshnessStale
		}
	}
	return replication.FreshnessFresh
}

// oldCIB plays an operator who loads an earlier configuration: of so many records ago, or 0 for one with the end of a term.
func (w *world) oldCIB(m *machine, back int) {
	if !m.up {
		return
	}
	w.touched = w.touched || slices.ContainsFunc(w.nodes, func(m *machine) bool { return m.action != nil && m.action.began })
	if back > 0 {
		w.store(m, w.records[max(0, len(w.records)-1-back)])
	} else if r := w.ended(m.cib.record); r != nil {
		w.store(m, r)
	}
}

// admin is any change of the configuration: that half of a cluster that has seen more of them
// wins when both meet again.
func (w *world) admin(m *machine) {
	if m.up {
		w.store(m, m.cib.record)
	}
}

// tamper is a client that changes the marker of an active database.
func (w *world) tamper(m *machine, d int, how string) {
	s := &m.servers[d]
	if !w.leads(m) || m.action != nil || s.marker == nil {
		return
	}
	w.tampered = true
	left := entry{tampered: true}
	if mark := *s.marker; how == "restore" {
		mark.Beat = min(mark.Beat, 2)
		left.mark = &mark
	}
	s.receive(left)
}

// turn makes a backup active by itself, as ovsdb-server does where it cannot replicate.
func (w *world) turn(m *machine, d int) {
	if m.own == nil && w.replicates(m, d) {
		m.servers[d].active, m.servers[d].source = true, -1
	}
}

// beware notes that an active dies or is cut off whose marker has not been healed yet. Then
// the marker may lie about its rows, here and on backups: a client has a second for that.
func (w *world) beware(m *machine) {
	if w.tampered && m.anyActive() {
		w.hopeless = "a client changed the marker, and the active died before it saw that"
	}
}
