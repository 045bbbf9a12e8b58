package replication_test

import (
	"slices"

	"ovndb-servers/pkg/replication"
)

// sawStart reports whether both databases of a node hold the start of a term, or data made
// ready right after it. It goes by the whole history, not by positions.
func (m *machine) sawStart(r *replication.Record) bool {
	for d := range m.servers {
		if m.servers[d].beats(r.TermID) == 0 && !madeReady(&m.servers[d].image, r) {
			return false
		}
	}
	return true
}

func madeReady(i *image, r *replication.Record) bool {
	return i.marker != nil && i.marker.PrevTermID == r.TermID
}

// has reports whether an image holds all rows of another one.
func (i *image) has(other image) bool {
	held := map[int]bool{}
	for _, e := range i.log {
		held[e.id] = true
	}
	for _, e := range other.log {
		if e.id > 0 && !held[e.id] {
			return false
		}
	}
	return true
}

// checkDecision is asked when a node is about to lead by an election.
func (w *world) checkDecision(m *machine, e replication.Election) {
	if w.hopeless != "" {
		return
	}
	w.checkEmpty(m, e)
	w.checkMinority(m, e)
	if e.Record == nil {
		return
	}
	latest := w.latestOf(e)
	w.checkStart(m, latest)
	if latest != e.Record {
		return
	}
	if len(latest.End) == 0 && !latest.HasMember(m.name) && !m.whenBehind {
		w.fail("I2: %s leads and was known to be behind in term %d: members %v", m.name, latest.Term, latest.Members)
	}
	for d, end := range w.ends[latest.TermID] {
		if len(latest.End) > 0 && !m.whenBehind && !m.servers[d].has(end) {
			w.fail("I4: %s leads and lacks rows of %s that %s wrote before it was demoted", m.name, databases[d], latest.Node)
		}
	}
	w.checkFreshest(m, e)
}

// latestOf returns the latest record that the election can know of: a later one than the
// cluster's where an older CIB was loaded.
func (w *world) latestOf(e replication.Election) *replication.Record {
	latest := e.Record // nil if there is none
	for _, c := range e.Candidates {
		for _, r := range w.records {
			if (latest == nil || r.Term > latest.Term) && recorded(c.Positions, r) {
				latest = r
			}
		}
	}
	return latest
}

func (w *world) checkStart(m *machine, r *replication.Record) {
	if r != nil && w.hopeless == "" && !m.sawStart(r) {
		w.fail("I2: %s leads and has not seen the start of term %d of %s", m.name, r.Term, r.Node)
	}
}

// checkSwapped is asked when a node has swapped its record in: the one that it found is no later one that its election
// could not know of.
func (w *world) checkSwapped(m *machine, found *replication.Record) {
	if !m.action.blessed && found != nil && found.Term >= m.action.latest {
		w.checkStart(m, found)
	}
}

// recorded reports whether data tells that the cluster recorded its term.
func recorded(p replication.Positions, r *replication.Record) bool {
	for _, q := range p {
		if q.TermID != r.TermID {
			return false
		}
	}
	return len(p) > 0 && (p[nb].Progress.Beat >= replication.BeatRecorded || p[sb].Progress.Beat >= replication.BeatRecorded)
}

// checkUnrecorded is asked after a supervisor has looked: servers of a term that is not in the record
// are active only while the promotion is under way that began it.
func (w *world) checkUnrecorded(m *machine) {
	promoting := m.action != nil && m.action.began
	if m.anyActive() && !promoting && m.own.Judge(m.cib.record) == replication.TermUnrecorded {
		w.fail("I1: %s stays writable in a term that was never recorded", m.name)
	}
}

// checkChoice is asked after each election: the node that another one leaves the promotion to would
// lead by the same answers, and no node is waited for of which the cluster says that it cannot.
func (w *world) checkChoice(e replication.Election, d replication.Decision) {
	for _, node := range append(slices.Clone(d.Wait), d.Yield) {
		if other := w.named(node); other != nil && other.banned && other.banKnown {
			w.fail("I3: %s waits for %s, which the cluster says cannot lead", e.Self, node)
		}
	}
	if d.Yield == "" {
		return
	}
	e.Self = d.Yield
	if next := w.rules.decide(e); !next.Lead {
		w.fail("one choice (I3): the promotion is left to %s, which would not lead: it would leave it to %q", d.Yield, next.Yield)
	}
}

// checkFreshest is asked when a node is about to lead by an election: no other node that
// answered, may lead and was not given up holds more. One beat, or less, may be uncertain.
func (w *world) checkFreshest(m *machine, e replication.Election) {
	r := e.Record
	if len(r.End) > 0 {
		return
	}
	mine := beatsIn(e.Candidates[m.name].Positions, r)
	for node, c := range e.Candidates {
		if node == m.name || c.Unable != "" || !r.HasMember(node) || !c.Positions.Current(*r) {
			continue
		}
		if c.Rounds >= 2 && w.mayBeGivenUp(m, node) {
			continue
		}
		theirs := beatsIn(c.Positions, r)
		if behind(mine, theirs) && !behind(theirs, mine) {
			w.fail("I3: %s leads with beats %v of term %d, and %s has %v", m.name, mine, r.Term, node, theirs)
		}
	}
}

// mayBeGivenUp reports whether a node may be passed over that has been waited for: once faults have ended,
// each node can lead that is asked.
func (w *world) mayBeGivenUp(m *machine, node string) bool {
	return !w.settling || m.roundsBefore[node] > 0 || w.named(node).banned
}

func beatsIn(p replication.Positions, r *replication.Record) [2]uint64 {
	return [2]uint64{p[nb].Within(*r).Beat, p[sb].Within(*r).Beat}
}

func behind(p, q [2]uint64) bool { return p[0]+1 < q[0] || p[1]+1 < q[1] }
