package replication_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ovndb-servers/pkg/replication"
)

// begin prints the term that a node begins.
func (s *scenario) begin(_ *testing.T, w words) string {
	drawn := 0
	own := s.election(w.arg(0), w).Begin(func() string { drawn++; return id("drawn" + strconv.Itoa(drawn)) })
	text := fmt.Sprintf("%s begins term %d, members %s", own.Record.Node, own.Record.Term, strings.Join(own.Record.Members, " "))
	if own.Record.Blessed != "" {
		text += ", blessed: " + own.Record.Blessed
	}
	m := own.Markers[nb]
	return text + fmt.Sprintf("; NB after term-id of %s at base %s, beat %d", s.nameOf(m.PrevTermID), m.Base, m.Beat)
}

// nameOf finds the scenario's name of a term.
func (s *scenario) nameOf(termID string) string {
	for n := range 40 {
		for _, suffix := range []string{"", "a", "b"} {
			if name := strconv.Itoa(n) + suffix; id(name) == termID {
				return name
			}
		}
	}
	return "?"
}

// admit reads "NODE from NODE [writable] [rows=N] [source-backup] [no-marker] [unreplicable=..]
// [other-schema] [other-agent] [blank] [discard]".
func (s *scenario) admit(t *testing.T, w words) string {
	t.Helper()
	j := replication.Joining{
		Own: s.candidates[w.arg(0)].Positions[nb], WasWritable: w.has("writable"), Rows: 1,
		SourceWritable: !w.has("source-backup"), OtherAgent: w.has("other-agent"), SourceBlank: w.has("blank"), Unreplicable: w.value("unreplicable"), SchemaDiffers: w.has("other-schema"), Record: s.record,
		Discard: w.has("discard"),
	}
	if rows, found := w.lookup("rows"); found {
		j.Rows, _ = strconv.Atoi(rows)
	}
	if m, found := s.markers[w.after("from")]; found && !w.has("no-marker") {
		j.Source = &m
	}
	a := replication.Admit(j)
	text := describeAdmission(a)
	if a.TakeSchema {
		text += ", and takes the schema of the source before it follows"
	}
	return text
}

func describeAdmission(a replication.Admission) string {
	switch {
	case a.Refuse != "" && a.Soon:
		return "refused, asks again soon: " + a.Refuse
	case a.Refuse != "":
		return "refused: " + a.Refuse
	case a.Wait:
		return "asks again for a moment, then snapshot (" + a.Why + "): " + a.Snapshot
	case a.Snapshot != "":
		return "snapshot first (" + a.Why + "): " + a.Snapshot
	default:
		return "follows"
	}
}

// ownTerm reads "own=TERM [begun]": the term that a node keeps in its state.
func (s *scenario) ownTerm(t *testing.T, node string, w words) *replication.OwnTerm {
	t.Helper()
	name := w.value("own")
	if name == "" {
		return nil
	}
	return &replication.OwnTerm{
		Record:   replication.Record{Term: number(t, name), TermID: id(name), Node: node},
		Recorded: !w.has("begun"),
		Markers: map[string]replication.Marker{nb: {
			Lineage: id("L"), Term: number(t, name), TermID: id(name), PrevTermID: id("4"), Active: node,
			Base: replication.Progress{Beat: 9}, Beat: replication.BeatBegun,
		}},
	}
}

func (s *scenario) judge(t *testing.T, w words) string {
	t.Helper()
	return w.arg(0) + ": " + string(s.ownTerm(t, w.arg(0), w).Judge(s.record))
}

// heal reads "NODE own=TERM seen=BEAT found=KEY:VALUE,..": found changes keys of the marker that
// the node wrote last; "none" removes all.
func (s *scenario) heal(t *testing.T, w words) string {
	t.Helper()
	own := s.ownTerm(t, w.arg(0), w)
	seen, err := strconv.ParseUint(w.value("seen"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	last := own.Markers[nb]
	last.Beat = seen
	keys := last.ExternalIDs()
	for change := range strings.SplitSeq(w.value("found"), ",") {
		if change == "none" {
			clear(keys)
		} else if key, value, ok := strings.Cut(change, ":"); ok {
			keys[replication.MarkerPrefix+key] = value
		}
	}
	found, err := replication.ParseMarker(keys)
	healed, fits := own.Heal(nb, found, seen)
	switch {
	case fits:
		return fmt.Sprintf("fits, beat %d", healed.Beat)
	case err != nil:
		return fmt.Sprintf("writes back term %d base %s beat %d (the marker cannot be read)", healed.Term, healed.Base, healed.Beat)
	default:
		return fmt.Sprintf("writes back term %d base %s beat %d (found %s)", healed.Term, healed.Base, healed.Beat, found.Describe())
	}
}

func (s *scenario) startScore(_ *testing.T, w words) string {
	score, ok := replication.StartScore(w.arg(0), s.record, s.candidates[w.arg(0)].Positions)
	if !ok {
		return w.arg(0) + " has no score"
	}
	return w.arg(0) + " has score " + score.String()
}

func (s *scenario) activeScore(t *testing.T, w words) string {
	t.Helper()
	var out []string
	for _, term := range w.all() {
		out = append(out, "term "+term+": "+replication.ActiveScore(number(t, term)).String())
	}
	return strings.Join(out, "\n")
}

// freshness reads "n2=fresh n3=stale" and changes the record.
func (s *scenario) freshness(_ *testing.T, w words) string {
	known := map[string]replication.Freshness{}
	for node := range w.named {
		text := w.value(node)
		known[node] = map[string]replication.Freshness{
			"fresh": replication.FreshnessFresh, "stale": replication.FreshnessStale, "unsettled": replication.FreshnessUnsettled,
		}[text]
	}
	next := s.record.WithFreshness(known)
	s.record = &next
	return "members " + strings.Join(next.Members, " ")
}

// swap tries to put another record in the place of the present one.
func (s *scenario) swap(t *testing.T, w words) string {
	t.Helper()
	next := recordOf(t, w)
	if err := next.Succeeds(s.record); err != nil {
		return "not swapped: " + err.Error()
	}
	s.record = next
	return "swapped"
}

// read reads a text as another node, or another version, has written it.
func (s *scenario) read(t *testing.T, w words) string {
	t.Helper()
	text := w.arg(1)
	switch w.arg(0) {
	case "record":
		r, err := replication.ParseRecord(text)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprintf("term %d of %s, members %v, end %q, blessed %q; written as %s", r.Term, r.Node, r.Members, r.End.Summary(), r.Blessed, r)
	case "positions":
		p, err := replication.ParsePositions(text)
		if err != nil {
			return err.Error()
		}
		return p.Summary()
	case "answers":
		published := map[string]string{}
		for i, answer := range strings.Split(text, ";") {
			published[fmt.Sprintf("n%d", i+1)] = answer
		}
		return fmt.Sprint(slices.Sorted(maps.Keys(replication.ReadAnswers(published, "r1"))))
	default:
		t.Fatalf("cannot read a %s", w.arg(0))
		return ""
	}
}
