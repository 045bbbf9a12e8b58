package replication_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"ovndb-servers/pkg/replication"
)

const (
	nb = "OVN_Northbound"
	sb = "OVN_Southbound"
)

// TestScenarios plays the files of testdata: commands, one a line, and the answer of the decisions
// to each. A run with -rewrite writes the answers; a reviewer reads the difference.
func TestScenarios(t *testing.T) {
	t.Parallel()
	datadriven.Walk(t, "testdata/decisions", func(t *testing.T, path string) {
		t.Helper()
		s := newScenario()
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			t.Helper()
			if d.Cmd == "new" {
				s = newScenario()
			}
			var out strings.Builder
			for line := range strings.Lines(d.Input) {
				if answer := s.run(t, strings.TrimSpace(line)); answer != "" {
					out.WriteString(strings.TrimSpace(answer) + "\n")
				}
			}
			return out.String()
		})
	})
}

// scenario is the state that commands set and decisions are asked about.
type scenario struct {
	record     *replication.Record
	candidates map[string]replication.Candidate
	absent     []string
	markers    map[string]replication.Marker // of NB, of the last node command
}

func newScenario() *scenario {
	return &scenario{candidates: map[string]replication.Candidate{}, markers: map[string]replication.Marker{}}
}

// words are the arguments of a command: plain ones in their order, and key=value.
type words struct {
	plain []string
	named map[string]string
	read  map[string]bool // those that the command has asked for
}

func (w words) has(name string) bool {
	w.read[name] = true
	return slices.Contains(w.plain, name)
}

func (w words) arg(i int) string {
	w.read[w.plain[i]] = true
	return w.plain[i]
}

// after returns the plain word that stands behind another one.
func (w words) after(name string) string {
	w.read[name] = true
	return w.arg(slices.Index(w.plain, name) + 1)
}

// all returns the plain words and takes them for read.
func (w words) all() []string {
	for i := range w.plain {
		w.arg(i)
	}
	return w.plain
}

func (w words) value(name string) string {
	value, _ := w.lookup(name)
	return value
}

func (w words) lookup(name string) (value string, found bool) {
	w.read[name] = true
	value, found = w.named[name]
	return value, found
}

// unread returns the words that the command does not know.
func (w words) unread() []string {
	unknown := slices.Concat(w.plain, slices.Sorted(maps.Keys(w.named)))
	return slices.DeleteFunc(unknown, func(word string) bool { return w.read[word] })
}

// split reads a command line, in which a value may stand between double quotes.
func split(line string) words {
	w := words{named: map[string]string{}, read: map[string]bool{}}
	quoted := false
	for _, field := range strings.FieldsFunc(line, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	}) {
		name, value, found := strings.Cut(field, "=")
		if !found || strings.HasPrefix(field, `"`) {
			w.plain = append(w.plain, strings.Trim(field, `"`))
			continue
		}
		w.named[name] = strings.Trim(value, `"`)
	}
	return w
}

func (s *scenario) run(t *testing.T, line string) string {
	t.Helper()
	w := split(line)
	if len(w.plain) == 0 {
		return ""
	}
	name := w.plain[0]
	w.plain = w.plain[1:]
	commands := map[string]func(*testing.T, words) string{
		"record": s.setRecord, "node": s.node, "absent": s.leave,
		"elect": s.elect, "begin": s.begin, "admit": s.admit, "judge": s.judge, "heal": s.heal,
		"start": s.startScore, "score": s.activeScore, "assess": s.assess,
		"escalate": s.escalate, "isolated": s.isolated,
		"freshness": s.freshness, "swap": s.swap, "read": s.read,
	}
	command := commands[name]
	if command == nil {
		t.Fatalf("unknown command %q", line)
	}
	answer := command(t, w)
	if unread := w.unread(); len(unread) > 0 {
		t.Fatalf("%s: unknown words %q", line, unread)
	}
	return answer
}

// id returns an ID in the form of a UUID for a name as it stands in a scenario.
func id(name string) string {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprintf("%08x-0000-4000-8000-%012x", len(name), h.Sum64()&0xffffffffffff)
}

// number returns the term of a name such as "5" or "5b", which are two promotions.
func number(t *testing.T, name string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimRight(name, "abc"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func progress(t *testing.T, text string) replication.Progress {
	t.Helper()
	if text == "" {
		return replication.Progress{}
	}
	if !strings.Contains(text, "+") {
		text += "+0"
	}
	p, err := replication.ParsePositions("x=L/1/T//" + text + "/0+0/")
	if err != nil {
		t.Fatal(err)
	}
	return p["x"].Progress
}

func (s *scenario) setRecord(t *testing.T, w words) string {
	t.Helper()
	if w.has("none") {
		s.record = nil
		return ""
	}
	s.record = recordOf(t, w)
	return ""
}

// recordOf reads "TERM NODE [members=a,b] [end=NB,SB]".
func recordOf(t *testing.T, w words) *replication.Record {
	t.Helper()
	r := &replication.Record{Term: number(t, w.arg(0)), TermID: id(w.arg(0)), Node: w.arg(1), Blessed: w.value("blessed")}
	if members := w.value("members"); members != "" {
		r.Members = strings.Split(members, ",")
	}
	if end := w.value("end"); end != "" {
		nbEnd, sbEnd, _ := strings.Cut(end, ",")
		r.End = replication.Positions{}
		for database, text := range map[string]string{nb: nbEnd, sb: sbEnd} {
			r.End[database] = replication.Position{Lineage: id("L"), Term: r.Term, TermID: r.TermID, Progress: progress(t, text)}
		}
	}
	return r
}

// node reads "NAME term=5 [prev=4|none] [nb=7+3] [sb=9] [base=6] [lineage=L] [content=x] [lacks=sb] ...".
func (s *scenario) node(t *testing.T, w words) string {
	t.Helper()
	c := replication.Candidate{Unable: w.value("unable")}
	c.Rounds, _ = strconv.Atoi(w.value("rounds"))
	name := w.arg(0)
	if !w.has("silent") {
		c.Positions = replication.Positions{}
		lacks := w.value("lacks")
		for database, key := range map[string]string{nb: "nb", sb: "sb"} {
			if key == lacks {
				continue
			}
			m := markerOf(t, w, key)
			if m == nil {
				c.Positions[database] = replication.Position{Content: w.value("content")}
				continue
			}
			p := progress(t, w.value(key))
			c.Positions[database] = replication.PositionOf(m, p.Changes, p.Possible, "")
			if w.has("was-writable") {
				c.Positions[database] = c.Positions[database].WasWritable()
			}
			if database == nb {
				s.markers[name] = *m
			}
		}
	}
	s.candidates[name] = c
	return ""
}

func markerOf(t *testing.T, w words, key string) *replication.Marker {
	t.Helper()
	term := w.value("term")
	if own := w.value(key + "-term"); own != "" {
		term = own
	}
	if term == "" {
		return nil
	}
	lineage, prev := "L", w.value("prev")
	if w.value("lineage") != "" {
		lineage = w.value("lineage")
	}
	n := number(t, term)
	if prev == "" {
		prev = strconv.FormatUint(n-1, 10)
	}
	m := &replication.Marker{
		Lineage: id(lineage), Term: n, TermID: id(term), PrevTermID: id(prev),
		Active: "n0", Base: progress(t, w.value("base")), Beat: progress(t, w.value(key)).Beat,
	}
	if prev == "none" {
		m.PrevTermID = ""
	}
	return m
}

func (s *scenario) leave(_ *testing.T, w words) string {
	s.absent = w.all()
	for _, name := range w.all() {
		delete(s.candidates, name)
	}
	return ""
}

func (s *scenario) election(self string, w words) replication.Election {
	e := replication.Election{
		Record: s.record, Self: self, Candidates: maps.Clone(s.candidates), Absent: s.absent, WhenBehind: w.has("when-behind"),
	}
	if known, found := w.lookup("known"); found {
		e.Known, _ = strconv.ParseUint(known, 10, 64)
	}
	if reason, found := w.lookup("blessed"); found {
		e.Blessing = &replication.Blessing{Reason: reason}
	}
	return e
}

// elect asks one node, or all that take part.
func (s *scenario) elect(_ *testing.T, w words) string {
	voters := slices.Sorted(maps.Keys(s.candidates))
	if len(w.plain) > 0 && w.arg(0) != "when-behind" {
		voters = []string{w.arg(0)}
	}
	var out []string
	for _, self := range voters {
		if len(s.candidates[self].Positions) > 0 {
			out = append(out, decided(self, s.election(self, w).Decide()))
		}
	}
	return strings.Join(out, "\n")
}

func decided(self string, d replication.Decision) string {
	outcome := "must not lead"
	switch {
	case d.Lead:
		outcome = "leads"
	case d.Yield != "":
		outcome = "leaves it to " + d.Yield
	case len(d.Wait) > 0:
		outcome = "waits for " + strings.Join(d.Wait, ", ")
	}
	text := fmt.Sprintf("%s %s [%s]", self, outcome, d.Rule)
	if d.Reason != "" {
		text += ": " + d.Reason
	}
	return text
}
