package replication_test

import (
	"slices"
	"strings"

	"ovndb-servers/pkg/replication"
)

// What an operator does to a cluster by hand, or a disk that is replaced: drawn in every fourth run.

// operatorRuns is how many runs there are for each one with the acts of an operator.
const operatorRuns = 4

// drawnActs returns the acts of an operator that a run may draw.
func drawnActs(seed uint64) []string {
	if seed%operatorRuns != 1 {
		return nil
	}
	return []string{
		"lead N", "lead N", "switch N", "old-cib N end", "old-cib N end", "drop-record N", "bless N", "behind N", "wipe N",
		"power-off N", "old-cib N R",
	}
}

// onOperator plays an act of an operator, and reports whether it is one.
func (w *world) onOperator(m *machine, act string) bool {
	switch act {
	case "switch": // the whole of a planned demotion
		w.run(m, func() { w.demote(m) })
	case "lead": // the whole of a promotion
		w.run(m, func() { w.promote(m, nil) })
	case "drop-record":
		if m.up {
			w.touched = true
			w.store(m, nil)
		}
	case "bless":
		w.bless(m)
	case "behind":
		m.whenBehind = true
	case "wipe":
		w.wipe(m)
	default:
		return false
	}
	return true
}

// mayAsk reports whether a person may have to choose by a rule by which a node leads in a cluster that no
// operator has touched.
func (w *world) mayAsk(rule replication.Rule) bool {
	return w.touched && slices.Contains([]replication.Rule{
		replication.RuleTermStart, replication.RuleContent, replication.RuleEnd, replication.RuleMembers, replication.RuleLineage,
	}, rule)
}

// bless lets the data of a node lead once, in the term that is recorded now.
func (w *world) bless(m *machine) {
	if !m.up || !m.started || m.servers[0].marker == nil || m.servers[1].marker == nil {
		return
	}
	w.touched = true
	m.blessing = &replication.Blessing{Reason: "the operator's"}
	if m.cib.record != nil {
		m.blessing.TermID = m.cib.record.TermID
	}
}

// blessed reports whether an operator has let the node lead in the term of a record. The rule itself is
// not asked.
func (m *machine) blessed(record *replication.Record) bool {
	if m.blessing == nil {
		return false
	}
	if record == nil {
		return m.blessing.TermID == ""
	}
	return m.blessing.TermID == record.TermID
}

// wipe replaces the disk with the databases of a node: the state of the node, which is elsewhere, stays.
func (w *world) wipe(m *machine) {
	w.powerOff(m)
	w.touched = true
	for d := range m.servers {
		s := &m.servers[d]
		for _, write := range w.lost(s, d, nil) {
			w.excused[write] = true
		}
		s.image, s.disk = image{}, image{}
		s.generation++
	}
}

// take takes over the cluster's configuration, and notes the term in it.
func (m *machine) take(c cib) {
	m.cib = c
	if c.record != nil && m.up {
		m.latest = max(m.latest, c.record.Term)
	}
}

// ended returns the latest record with a planned end that is not the cluster's, nil if there is none.
func (w *world) ended(now *replication.Record) *replication.Record {
	for _, r := range slices.Backward(w.records) {
		if r != now && len(r.End) > 0 {
			return r
		}
	}
	return nil
}

// checkEmpty is asked when a node is about to lead whose databases are empty.
func (w *world) checkEmpty(m *machine, e replication.Election) {
	for _, c := range e.Candidates {
		for _, p := range c.Positions {
			if !p.Blank() {
				return
			}
		}
	}
	silent := slices.DeleteFunc(slices.Clone(w.nodes), func(other *machine) bool { return e.Candidates[other.name].Positions != nil })
	if len(silent) > 0 && m.latest > 0 {
		names := make([]string, len(silent))
		for i, other := range silent {
			names[i] = other.name
		}
		w.fail("I2: %s leads with nothing, and %s may hold what it led with in term %d", m.name, strings.Join(names, ", "), m.latest)
	}
}

// checkMinority is asked when a node is about to lead: where the record of the latest term is lost, half of the
// nodes or fewer do not choose an earlier one.
func (w *world) checkMinority(m *machine, e replication.Election) {
	latest := w.latest()
	lost := e.Record == nil || w.latestOf(e) != e.Record
	answers := 0
	for _, c := range e.Candidates {
		if c.Positions != nil {
			answers++
		}
	}
	if lost && answers*2 <= len(w.nodes) && !m.sawStart(latest) && w.holdsTerm(latest) {
		w.fail("I2: %s leads by the word of %d nodes, without a record, and has not seen the start of term %d of %s",
			m.name, answers, latest.Term, latest.Node)
	}
}

// latest returns the record of the latest term.
func (w *world) latest() *replication.Record {
	latest := w.records[0]
	for _, r := range w.records {
		if r.Term > latest.Term {
			latest = r
		}
	}
	return latest
}

// holdsTerm reports whether any node has data of a term.
func (w *world) holdsTerm(r *replication.Record) bool {
	return slices.ContainsFunc(w.nodes, func(m *machine) bool { return m.sawStart(r) })
}

// operatorMutations take away what holds when operators act.
func operatorMutations() []mutation {
	return []mutation{
		{"the end in an older record is believed (K2, K5)", func(r *rules) {
			r.decide = func(e replication.Election) replication.Decision {
				if e.Blessing == nil && e.Record != nil && len(e.Record.End) > 0 && e.Record.Bars(e.Self, e.Candidates[e.Self].Positions) == "" {
					return replication.Decision{Lead: true, Rule: replication.RuleEnd}
				}
				return e.Decide()
			}
		}, "I2", 1637},
		{"an active is elected when it is promoted again while its record has gone back (K2)", func(r *rules) { r.again = false }, "no node leads", 3_036_985},
		{"a blessing holds in later terms", func(r *rules) { r.void = false }, "I2", 1501},
		{"older data leads where lead_when_behind lets data lead", func(r *rules) {
			r.decide = func(e replication.Election) replication.Decision {
				d := e.Decide()
				d.Lead = d.Lead || e.WhenBehind && d.Rule == replication.RuleTermStart
				return d
			}
		}, "I2", 17},
		{"empty databases lead though there has been a term", withElection(func(e *replication.Election) { e.Known = 0 }), "I2", 353},
		{"half of the nodes decide without a record (K2)", withElection(func(e *replication.Election) { e.Absent = nil }), "I2", 265},
		{"a promotion that was begun counts as recorded", withElection(func(e *replication.Election) {
			for node, c := range e.Candidates {
				positions := replication.Positions{}
				for database, p := range c.Positions {
					p.Progress.Beat = max(p.Progress.Beat, replication.BeatRecorded)
					positions[database] = p
				}
				if c.Positions != nil {
					c.Positions = positions
				}
				e.Candidates[node] = c
			}
		}), "I2", 1550},
	}
}
