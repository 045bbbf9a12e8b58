package replication

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Position is how much of the cluster's history one database holds. Positions
// order nodes; they carry no clock.
type Position struct {
	// Lineage, Term, TermID and PrevTermID are those of the marker in the data;
	// all are zero in data that was never promoted under this agent.
	Lineage    string
	Term       uint64
	TermID     string
	PrevTermID string
	// Progress is how far the data has come within its term, Base how far it had
	// come in the term before when this one began.
	Progress, Base Progress
	// Content tells unmarked data apart: a digest of its rows, empty if it has
	// none but the agent's own.
	Content string
}

// Marked reports whether the data was ever promoted under this agent.
func (p Position) Marked() bool { return p.TermID != "" }

// Blank reports whether there is nothing in the data to lose.
func (p Position) Blank() bool { return !p.Marked() && p.Content == "" }

// Current reports whether the data has seen the start of the record's term, or
// was made ready for a promotion that came right after it and was never
// recorded.
func (p Position) Current(r Record) bool {
	return p.TermID == r.TermID || p.PrevTermID == r.TermID
}

// PositionOf returns the position of data with marker m, which may be nil.
func PositionOf(m *Marker, changes, possible uint64, content string) Position {
	if m == nil {
		return Position{Content: content}
	}
	return Position{
		Lineage: m.Lineage, Term: m.Term, TermID: m.TermID, PrevTermID: m.PrevTermID,
		Progress: Progress{Beat: m.Beat, Changes: changes, Possible: possible}, Base: m.Base,
	}
}

// Within returns how far the data has come in the record's term. Data of a
// promotion that was never recorded holds what it held when that began: no
// client could reach it after that.
func (p Position) Within(r Record) Progress {
	if p.TermID == r.TermID {
		return p.Progress
	}
	return p.Base
}

// Compare orders two positions by term, and within one term by progress.
func (p Position) Compare(q Position) int {
	return cmp.Or(compare(p.Term, q.Term), p.Progress.Compare(q.Progress))
}

// Positions are those of one node, by database.
type Positions map[string]Position

// Current reports whether all of a node's data is current.
func (p Positions) Current(r Record) bool {
	for _, position := range p {
		if !position.Current(r) {
			return false
		}
	}
	return len(p) > 0
}

// Compare orders the data of two nodes, database by database in the order of
// their names: OVN rebuilds most of its southbound database from the
// northbound one, but never the other way round.
func (p Positions) Compare(q Positions) int {
	return p.compare(q, Position.Compare)
}

// CompareWithin orders the current data of two nodes by how far each has come
// in the record's term.
func (p Positions) CompareWithin(r Record, q Positions) int {
	return p.compare(q, func(a, b Position) int { return a.Within(r).Compare(b.Within(r)) })
}

func (p Positions) compare(q Positions, order func(a, b Position) int) int {
	for _, database := range slices.Sorted(maps.Keys(p)) {
		if o := order(p[database], q[database]); o != 0 {
			return o
		}
	}
	return 0
}

// Term returns the latest term any of a node's data has seen.
func (p Positions) Term() uint64 {
	var latest uint64
	for _, position := range p {
		latest = max(latest, position.Term)
	}
	return latest
}

// ErrPosition is returned for a published position that cannot be read.
var ErrPosition = errors.New("the published position cannot be read")

// String returns the positions as a node publishes them, a field for each
// database: NAME=LINEAGE/TERM/TERM-ID/PREV-TERM-ID/PROGRESS/BASE/CONTENT.
func (p Positions) String() string {
	var fields []string
	for _, database := range slices.Sorted(maps.Keys(p)) {
		q := p[database]
		fields = append(fields, database+"="+strings.Join([]string{
			q.Lineage, strconv.FormatUint(q.Term, 10), q.TermID, q.PrevTermID,
			q.Progress.String(), q.Base.String(), q.Content,
		}, "/"))
	}
	return strings.Join(fields, ",")
}

// ParsePositions reads what String returns.
func ParsePositions(text string) (Positions, error) {
	positions := Positions{}
	for field := range strings.SplitSeq(text, ",") {
		database, value, found := strings.Cut(field, "=")
		parts := strings.Split(value, "/")
		if !found || database == "" || len(parts) != 7 {
			return nil, fmt.Errorf("%w: %q", ErrPosition, text)
		}
		term, err1 := strconv.ParseUint(parts[1], 10, 64)
		progress, err2 := parseProgress(parts[4])
		base, err3 := parseProgress(parts[5])
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrPosition, text, err)
		}
		positions[database] = Position{
			Lineage: parts[0], Term: term, TermID: parts[2], PrevTermID: parts[3],
			Progress: progress, Base: base, Content: parts[6],
		}
	}
	return positions, nil
}
