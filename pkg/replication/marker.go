package replication

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The keys of the marker in external_ids of NB_Global and SB_Global.
const (
	// MarkerPrefix begins the keys of external_ids that are the agent's own.
	MarkerPrefix  = "ovndb-servers:"
	keyLineage    = MarkerPrefix + "lineage"
	keyTerm       = MarkerPrefix + "term"
	keyTermID     = MarkerPrefix + "term-id"
	keyPrevTermID = MarkerPrefix + "prev-term-id"
	keyActive     = MarkerPrefix + "active"
	keyBase       = MarkerPrefix + "base"
	KeyBeat       = MarkerPrefix + "beat"
)

// Marker is what the active writes into its databases, as keys of the global
// row's external_ids, so that the data itself says which term it has seen.
type Marker struct {
	// Lineage is drawn once, when a database is first promoted; databases of
	// different lineages have no history in common.
	Lineage string
	// Term counts promotions, TermID names one, PrevTermID the one before.
	Term       uint64
	TermID     string
	PrevTermID string
	// Active is the node that was promoted.
	Active string
	// Base is where the data of the term before ended when this term began.
	Base Progress
	// Beat counts up while the node is active.
	Beat uint64
}

// Progress is how far data has come within a term.
type Progress struct {
	// Beat is the last beat the data holds.
	Beat uint64
	// Changes counts the rows that were inserted, modified or deleted after that
	// beat, each once for each record of the database file; at most Possible have
	// been, if those that came in one record with the beat came after it. Records
	// do not count: what several transactions change may reach a backup in one.
	Changes, Possible uint64
}

// Compare orders progress within one term as far as it can be told: 0 means that
// neither is certain to be ahead.
func (p Progress) Compare(q Progress) int {
	switch {
	case p.Beat != q.Beat:
		return compare(p.Beat, q.Beat)
	case p.Changes > q.Possible:
		return 1
	case q.Changes > p.Possible:
		return -1
	default:
		return 0
	}
}

// MayExceed reports whether p may hold what q does not.
func (p Progress) MayExceed(q Progress) bool {
	return p.Beat > q.Beat || p.Beat == q.Beat && p != q && p.Possible > q.Changes
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// String returns "BEAT+CHANGES", or "BEAT+CHANGES~POSSIBLE" where the two differ.
func (p Progress) String() string {
	text := strconv.FormatUint(p.Beat, 10) + "+" + strconv.FormatUint(p.Changes, 10)
	if p.Possible > p.Changes {
		text += "~" + strconv.FormatUint(p.Possible, 10)
	}
	return text
}

// ErrMarker is returned for a marker that cannot be read: an operator, or a
// program that is not this one, has changed it.
var ErrMarker = errors.New("the term marker in the database cannot be read")

// ParseMarker reads a marker from the external_ids of a global row. It returns
// nil if there is none at all, and ErrMarker if there is only a part of one.
func ParseMarker(externalIDs map[string]string) (*Marker, error) {
	if externalIDs[keyLineage] == "" && externalIDs[keyTermID] == "" {
		return nil, nil //nolint:nilnil // an unmarked database is no error
	}
	m := Marker{
		Lineage: externalIDs[keyLineage], TermID: externalIDs[keyTermID],
		PrevTermID: externalIDs[keyPrevTermID], Active: externalIDs[keyActive],
	}
	var errs [3]error
	m.Term, errs[0] = strconv.ParseUint(externalIDs[keyTerm], 10, 64)
	m.Beat, errs[1] = strconv.ParseUint(externalIDs[KeyBeat], 10, 64)
	m.Base, errs[2] = parseProgress(externalIDs[keyBase])
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMarker, err)
	}
	if m.Lineage == "" || m.TermID == "" || m.Term == 0 {
		return nil, fmt.Errorf("%w: lineage %q, term %d, term-id %q", ErrMarker, m.Lineage, m.Term, m.TermID)
	}
	return &m, nil
}

// ExternalIDs returns the keys that ParseMarker reads.
func (m Marker) ExternalIDs() map[string]string {
	return map[string]string{
		keyLineage:    m.Lineage,
		keyTerm:       strconv.FormatUint(m.Term, 10),
		keyTermID:     m.TermID,
		keyPrevTermID: m.PrevTermID,
		keyActive:     m.Active,
		keyBase:       m.Base.String(),
		KeyBeat:       strconv.FormatUint(m.Beat, 10),
	}
}

// parseProgress reads what Progress.String returns.
func parseProgress(text string) (Progress, error) {
	beat, changes, found := strings.Cut(text, "+")
	if !found {
		return Progress{}, fmt.Errorf("%q is no BEAT+CHANGES", text)
	}
	changes, possible, ranged := strings.Cut(changes, "~")
	if !ranged {
		possible = changes
	}
	b, err1 := strconv.ParseUint(beat, 10, 64)
	c, err2 := strconv.ParseUint(changes, 10, 64)
	p, err3 := strconv.ParseUint(possible, 10, 64)
	return Progress{Beat: b, Changes: c, Possible: max(c, p)}, errors.Join(err1, err2, err3)
}

// describe names the marker for a person.
func (m *Marker) Describe() string {
	if m == nil {
		return "no term"
	}
	return fmt.Sprintf("term %d of node %s", m.Term, m.Active)
}
