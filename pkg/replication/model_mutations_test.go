package replication_test

import (
	"flag"
	"maps"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/replication"
)

var mutationRuns = flag.Uint64("model.mutation", 40_000, "how many runs of the model each broken rule gets to show")

// mutation is a rule that is taken away, and the fault that the model finds then.
type mutation struct {
	name  string
	apply func(*rules)
	finds string
	// seed is that of a run that has found it: the search begins there.
	seed uint64
}

func withElection(change func(*replication.Election)) func(*rules) {
	return func(r *rules) {
		r.decide = func(e replication.Election) replication.Decision {
			change(&e)
			return e.Decide()
		}
	}
}

func withRecord(change func(*replication.Record)) func(*rules) {
	return withElection(func(e *replication.Election) {
		if e.Record != nil {
			record := *e.Record
			change(&record)
			e.Record = &record
		}
	})
}

func withAdmission(unless func(replication.Joining) bool) func(*rules) {
	return func(r *rules) {
		r.admit = func(j replication.Joining) replication.Admission {
			a := replication.Admit(j)
			if unless(j) {
				a.Snapshot = ""
			}
			return a
		}
	}
}

func withState(instead map[replication.TermState]replication.TermState) func(*rules) {
	return func(r *rules) {
		r.judge = func(own *replication.OwnTerm, record *replication.Record) replication.TermState {
			state := own.Judge(record)
			if other, found := instead[state]; found {
				return other
			}
			return state
		}
	}
}

func mutations() []mutation {
	return slices.Concat(recordMutations(), electionMutations(), admissionMutations(), dutyMutations(), operatorMutations())
}

func recordMutations() []mutation {
	return []mutation{
		{"the record is swapped without comparing it (K1)", func(r *rules) { r.compare = false }, "I2", 263},
		{"a record that went back is believed (K2)", withRecord(func(r *replication.Record) { r.Term = 1 << 62 }), "I2", 13453},
		{"a term that is over goes on (I1)", withState(map[replication.TermState]replication.TermState{replication.TermOver: replication.TermHeld}), "I1", 517},
		{
			"a promotion that was not recorded goes on (K4)",
			withState(map[replication.TermState]replication.TermState{replication.TermUnrecorded: ""}), "I1", 3302,
		},
		{"a promotion that was cut short waits for the action under way (D9)", func(r *rules) { r.cutShort = false }, "I1", 311},
		{"of two terms of one number the node's own counts (K1)", func(r *rules) {
			r.judge = func(own *replication.OwnTerm, record *replication.Record) replication.TermState {
				if own != nil && own.Recorded && record != nil && record.Term == own.Record.Term && record.TermID != own.Record.TermID {
					return replication.TermHeld
				}
				return own.Judge(record)
			}
		}, "I1", 9872},
		{"a record that is lost is not swapped in again (K2)", func(r *rules) { r.restore = false }, "I1", 26787},
	}
}

// inPairs compares nodes two by two: the node asked leads unless another one holds more of either
// database. Two nodes may each hold more than the other.
func inPairs(e replication.Election) replication.Decision {
	d := e.Decide()
	if d.Rule != replication.RuleFreshest {
		return d
	}
	d.Lead, d.Yield = true, ""
	mine := beatsIn(e.Candidates[e.Self].Positions, e.Record)
	for _, node := range slices.Sorted(maps.Keys(e.Candidates)) {
		c := e.Candidates[node]
		if c.Rounds > 1 || c.Unable != "" || e.Record.Bars(node, c.Positions) != "" {
			continue
		}
		if theirs := beatsIn(c.Positions, e.Record); theirs[0] > mine[0] || theirs[1] > mine[1] {
			d.Lead, d.Yield = false, node
			break
		}
	}
	return d
}

func electionMutations() []mutation {
	return []mutation{
		{"data that has not seen the start of the term leads (I2)", func(r *rules) {
			r.decide = func(e replication.Election) replication.Decision {
				d := e.Decide()
				return replication.Decision{Lead: d.Lead || d.Rule == replication.RuleTermStart}
			}
		}, "I2", 407},
		{"nodes that were behind lead (members)", withRecord(func(r *replication.Record) { r.Members = nil }), "I2", 131},
		{"the planned end is not asked for (K5)", withRecord(func(r *replication.Record) { r.End = nil }), "I4", 64},
		{"the northbound database alone counts (K10)", withElection(func(e *replication.Election) {
			for node, c := range e.Candidates {
				if c.Positions != nil {
					positions := replication.Positions{nb: c.Positions[nb], sb: c.Positions[sb]}
					p := positions[sb]
					p.Progress = replication.Progress{Beat: replication.BeatRecorded}
					positions[sb] = p
					c.Positions = positions
					e.Candidates[node] = c
				}
			}
		}), "I3", 4253},
		{"a node that cannot lead is waited for without end (K8)", withElection(func(e *replication.Election) {
			for node, c := range e.Candidates {
				c.Rounds = 0
				e.Candidates[node] = c
			}
		}), "no node leads", 4},
		{"a node that the cluster says cannot lead is waited for (K9)", withElection(func(e *replication.Election) {
			for node, c := range e.Candidates {
				c.Unable = ""
				e.Candidates[node] = c
			}
		}), "I3", 13},
		{"a node that leaves the promotion to another one is asked again at once (K6)", func(r *rules) { r.yield = false }, "I3", 14},
		{"nodes are compared in pairs (K11)", func(r *rules) { r.decide = inPairs }, "one choice (I3)", 59},
	}
}

func admissionMutations() []mutation {
	return []mutation{
		{"rows are counted (D10)", withAdmission(func(j replication.Joining) bool {
			own, base := j.Own.Progress, replication.Progress{}
			if j.Source != nil {
				base = j.Source.Base
			}
			return j.Source != nil && j.Own.TermID == j.Source.PrevTermID && !j.WasWritable &&
				own.Beat == base.Beat && own.Changes <= base.Changes
		}), "I5", 2575},
		{"a promotion that was not recorded held nothing (K4)", withAdmission(func(j replication.Joining) bool {
			return j.Source != nil && j.Own.PrevTermID == j.Source.PrevTermID && j.Own.Progress.Beat == replication.BeatBegun
		}), "I5", 499},
		{"data of any term before may go (K4)", withAdmission(func(j replication.Joining) bool {
			return j.Source != nil && j.Own.Term < j.Source.Term && !j.WasWritable
		}), "I5", 13},
		{"a server that was writable without leading may lose that (I5)", func(r *rules) {
			r.admit = func(j replication.Joining) replication.Admission {
				j.WasWritable = false
				return replication.Admit(j)
			}
		}, "I5", 1364},
	}
}

// dutyMutations take away the duties of the nodes on which the decisions rest.
func dutyMutations() []mutation {
	return []mutation{
		{"backups answer before they are parked", func(r *rules) { r.park = false }, "I3", 26},
		{"a promotion that was cut short before its marker leaves no sign (I5)", func(r *rules) { r.flags = false }, "I5", 1671},
		{"servers are made active in place after a reboot (I5)", func(r *rules) { r.boot = false }, "I5", 1412},
		{"the marker of a new term is not on disk before the record (K12)", func(r *rules) { r.durable = false }, "no node leads", 207},
		{"the end of a term is not on disk before the record (K12)", func(r *rules) { r.sync = false }, "no node leads", 192},
		{"a changed marker is not written back (D1)", func(r *rules) {
			r.heal = func(_ *replication.OwnTerm, _ string, _ *replication.Marker, seen uint64) (replication.Marker, bool) {
				return replication.Marker{Beat: seen}, true
			}
		}, "no node leads", 4454},
	}
}

// TestModelFindsEachBrokenRule takes one rule away after the other.
func TestModelFindsEachBrokenRule(t *testing.T) {
	t.Parallel()
	for _, m := range mutations() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r := allRules()
			m.apply(&r)
			for run := range *mutationRuns {
				w := play(draw(m.seed+run), r)
				if len(w.broken) > 0 && strings.HasPrefix(w.broken[0], m.finds) {
					t.Logf("%s: found by run %d: %s", m.name, m.seed+run, w.broken[0])
					return
				}
			}
			t.Errorf("%d runs do not find it", *mutationRuns)
		})
	}
}
