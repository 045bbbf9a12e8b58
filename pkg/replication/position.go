package replication

import (
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

// PositionOf returns the position of data with marker m, which may be nil. Changes and possible
// are those of [Progress]. A marker that cannot be read is none: the position of such data is not
// known.
func PositionOf(m *Marker, changes, possible uint64, content string) Position {
	if m == nil {
		return Position{Content: content}
	}
	return Position{
		Lineage: m.Lineage, Term: m.Term, TermID: m.TermID, PrevTermID: m.PrevTermID,
		Progress: Progress{Beat: m.Beat, Changes: changes, Possible: max(changes, possible)}, Base: m.Base,
	}
}

// WasWritable returns the position of data whose server has been writable without leading since
// it last followed: none of its changes is certain to be one of the term's history.
func (p Position) WasWritable() Position {
	p.Progress.Possible = max(p.Progress.Possible, p.Progress.Changes)
	p.Progress.Changes = 0
	return p
}

// UpperBound returns the position with all its possible changes: data that holds this one holds
// whatever p may have held.
func (p Position) UpperBound() Position {
	p.Progress.Changes = max(p.Progress.Changes, p.Progress.Possible)
	p.Progress.Possible = p.Progress.Changes
	return p
}

// Marked reports whether the data was ever promoted under this agent.
func (p Position) Marked() bool { return p.TermID != "" }

// Blank reports whether there is nothing in the data to lose.
func (p Position) Blank() bool { return !p.Marked() && p.Content == "" }

// begun reports whether the data was made ready for a promotion that, as far as the data
// tells, was never recorded.
func (p Position) begun() bool { return p.Marked() && p.Progress.Beat < BeatRecorded }

// NotBegunHere returns the position of data of a node that has not begun its term: if it seems to have been
// made ready for a promotion, a client may have written that, and the base with it.
func (p Position) NotBegunHere() Position {
	if p.begun() {
		p.Base = Progress{}
	}
	return p
}

// Current reports whether the data has seen the start of the record's term, or was made ready
// for a promotion that came right after it and, as far as the data tells, was never recorded.
func (p Position) Current(r Record) bool {
	return p.TermID == r.TermID || p.PrevTermID == r.TermID && p.begun()
}

// Within returns how far the data has come in the record's term.
func (p Position) Within(r Record) Progress {
	if p.TermID == r.TermID {
		return p.Progress
	}
	return p.Base
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

// holds reports whether a node's data certainly holds all that the record's node wrote before it
// was demoted as planned: as many changes as there were, among copies of one history. The end is
// on the disk of the node that led, and changes can only have been added there.
func (p Positions) holds(r Record, node string) bool {
	for database := range r.End {
		if !p.holdsEnd(r, node, database) {
			return false
		}
	}
	return true
}

// holdsEnd is holds of one database.
func (p Positions) holdsEnd(r Record, node, database string) bool {
	q := p[database]
	progress := q.Within(r)
	if node == r.Node {
		progress.Changes = progress.Possible
	}
	return q.Current(r) && progress.Compare(r.End[database].Within(r)) >= 0
}

// covers reports whether p has a position for every database that q has.
func (p Positions) covers(q Positions) bool {
	for database := range q {
		if _, found := p[database]; !found {
			return false
		}
	}
	return true
}

func (p Positions) blank() bool {
	for _, position := range p {
		if !position.Blank() {
			return false
		}
	}
	return true
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
		fields = append(fields, word(database)+"="+strings.Join([]string{
			word(q.Lineage), strconv.FormatUint(q.Term, 10), word(q.TermID), word(q.PrevTermID),
			q.Progress.String(), q.Base.String(), word(q.Content),
		}, "/"))
	}
	return strings.Join(fields, ",")
}

// ParsePositions reads the text that String returns. It ignores all that follows the known parts of a
// position, and words after a space.
func ParsePositions(text string) (Positions, error) {
	positions := Positions{}
	known, _, _ := strings.Cut(text, " ")
	for field := range strings.SplitSeq(known, ",") {
		database, value, found := strings.Cut(field, "=")
		if !found || !isWord(database) {
			return nil, fmt.Errorf("%w: %q", ErrPosition, text)
		}
		position, err := parsePosition(strings.Split(value, "/"))
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrPosition, text, err)
		}
		positions[database] = position
	}
	return positions, nil
}

func parsePosition(parts []string) (Position, error) {
	if len(parts) < 7 {
		return Position{}, fmt.Errorf("%d parts", len(parts))
	}
	for _, part := range []string{parts[0], parts[2], parts[3], parts[6]} {
		if part != word(part) {
			return Position{}, fmt.Errorf("part %q", part)
		}
	}
	term, err1 := parseCount(parts[1])
	progress, err2 := parseProgress(parts[4])
	base, err3 := parseProgress(parts[5])
	return Position{
		Lineage: parts[0], Term: term, TermID: parts[2], PrevTermID: parts[3],
		Progress: progress, Base: base, Content: parts[6],
	}, errors.Join(err1, err2, err3)
}

// Summary names positions for a person.
func (p Positions) Summary() string {
	var all []string
	for _, database := range slices.Sorted(maps.Keys(p)) {
		all = append(all, database+" "+p[database].Summary())
	}
	return strings.Join(all, ", ")
}

// Summary names a position for a person.
func (p Position) Summary() string {
	switch {
	case p.Marked():
		return fmt.Sprintf("term %d beat %s", p.Term, p.Progress)
	case p.Blank():
		return "empty"
	default:
		return "content " + p.Content[:min(len(p.Content), 8)] + " without a term"
	}
}
