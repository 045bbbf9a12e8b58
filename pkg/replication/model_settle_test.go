package replication_test

import (
	"maps"
	"math/rand/v2"
	"slices"

	"ovndb-servers/pkg/replication"
)

// settleRounds is how many rounds of all supervisors and notifications a healed cluster gets.
const settleRounds = 30

// settle ends all faults, lets the cluster go on, and checks the invariants that must hold then.
func (w *world) settle(random *rand.Rand) {
	for _, m := range w.nodes {
		w.cut(m, 0)
	}
	for _, m := range w.nodes {
		w.powerOn(m)
		w.start(m)
		for m.action != nil {
			w.step(m)
		}
	}
	for range 3 {
		for _, m := range w.nodes {
			w.look(m)
		}
	}
	w.checkOneWriter()
	w.settling = true
	for _, m := range w.nodes {
		m.roundsBefore = maps.Clone(m.rounds)
	}
	preferred := random.Perm(len(w.nodes))
	for round := 0; round < settleRounds && !w.settled(); round++ {
		if w.leader() == nil {
			w.promoteSomeone(preferred, round)
		}
		for _, m := range w.nodes {
			w.round(m)
		}
	}
	w.checkSettled()
}

// settled reports whether a node leads and all others hold the same data.
func (w *world) settled() bool {
	leader := w.leader()
	if leader == nil {
		return false
	}
	for _, m := range w.nodes {
		for d := range m.servers {
			s := &m.servers[d]
			if m != leader && (s.active || !w.replicates(m, d) || len(s.log) != len(leader.servers[d].log)) {
				return false
			}
		}
	}
	return true
}

func (w *world) round(m *machine) {
	w.look(m)
	w.run(m, func() { w.follow(m) })
	for d := range m.servers {
		w.beatNow(m, d)
		w.deliver(m, d, 1000)
	}
	w.members(m)
}

// run lets a whole action run.
func (w *world) run(m *machine, begin func()) {
	begin()
	for m.action != nil {
		w.step(m)
	}
}

func (w *world) leader() *machine {
	for _, m := range w.nodes {
		if w.leads(m) {
			return m
		}
	}
	return nil
}

// promoteSomeone plays Pacemaker, which knows the scores alone, and has preferences that stay the
// same. A node whose data may not lead has no score; so that the reason is known where no other
// can, it is asked all the same. Scores of nodes that yield are taken back after a time.
func (w *world) promoteSomeone(preferred []int, round int) {
	for _, barred := range []bool{false, true} {
		for _, i := range preferred {
			if m := w.nodes[i]; !m.banned && !m.yielding && m.barred() == barred {
				w.run(m, func() { w.promote(m, nil) })
				return
			}
		}
	}
	if round%2 == 0 {
		for _, m := range w.nodes {
			m.yielding = false
		}
	}
}

// barred reports whether a node has no score, see StartScore.
func (m *machine) barred() bool {
	_, ok := replication.StartScore(m.name, m.cib.record, m.positions())
	return !ok
}

func (w *world) checkOneWriter() {
	var writable []string
	for _, m := range w.nodes {
		if m.anyActive() {
			writable = append(writable, m.name)
		}
	}
	if len(writable) > 1 {
		w.fail("I1: %v are writable, and each could know better", writable)
	}
}

// mayRefuse reports whether an invariant forbids that the node leads that was asked last.
func (w *world) mayRefuse() bool {
	if w.hopeless != "" {
		return true
	}
	// Where the role is kept from a node, it may be the only one that may lead.
	banned := slices.ContainsFunc(w.nodes, func(m *machine) bool { return m.banned })
	return slices.ContainsFunc(w.nodes, func(m *machine) bool {
		twoOfOneNumber := m.refused.Rule == replication.RuleMajority
		return twoOfOneNumber || banned && m.refused.Rule == replication.RuleUnable || w.mayAsk(m.refused.Rule)
	})
}

func (w *world) checkSettled() {
	leader := w.leader()
	if leader == nil {
		if !w.mayRefuse() {
			w.fail("no node leads, though all are well: %s", w.refusals())
		}
		return
	}
	if !w.settled() {
		w.fail("%s leads, and not all others hold what it does", leader.name)
	}
	for write, d := range w.acked {
		if w.hopeless == "" && !w.excused[write] && !w.holds(write, d, nil) {
			w.fail("a write to %s is on no node and in no snapshot", databases[d])
			return
		}
	}
}

func (w *world) refusals() string {
	all := ""
	for _, m := range w.nodes {
		all += m.name + ": " + m.refused.Reason + "; "
	}
	return all
}
