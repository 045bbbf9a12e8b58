package replication

import (
	"errors"
	"fmt"
	"strconv"
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

// The first beats of a term. A promotion marks the data with BeatBegun before it swaps the
// record, and with BeatRecorded after that and before any listener opens: so the data says by
// itself whether its term was ever the cluster's.
const (
	BeatBegun    = 1
	BeatRecorded = 2
)

// Marker is the record of a term that the active writes into its databases, as keys of the global
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
	// Beat counts up while the node is active and clients write.
	Beat uint64
}

// ErrMarker is returned for a marker that cannot be read: an operator, or a
// program that is not this one, has changed it.
var ErrMarker = errors.New("the term marker in the database cannot be read")

// ReadableMarker is ParseMarker for those to whom a marker that cannot be read is none.
func ReadableMarker(externalIDs map[string]string) *Marker {
	m, err := ParseMarker(externalIDs)
	if err != nil {
		return nil
	}
	return m
}

// ParseMarker reads a marker from the external_ids of a global row, and ignores keys that it
// does not know. It returns nil if there is no marker, and ErrMarker for one that is not as
// [Marker.ExternalIDs] writes it: whoever may write rows may have written that.
func ParseMarker(externalIDs map[string]string) (*Marker, error) {
	if externalIDs[keyLineage] == "" && externalIDs[keyTermID] == "" {
		return nil, nil //nolint:nilnil // an unmarked database is no error
	}
	m := Marker{
		Lineage: externalIDs[keyLineage], TermID: externalIDs[keyTermID],
		PrevTermID: externalIDs[keyPrevTermID], Active: externalIDs[keyActive],
	}
	var errs [3]error
	m.Term, errs[0] = parseCount(externalIDs[keyTerm])
	m.Beat, errs[1] = parseCount(externalIDs[KeyBeat])
	m.Base, errs[2] = parseProgress(externalIDs[keyBase])
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMarker, err)
	}
	ids := isUUID(m.Lineage) && isUUID(m.TermID) && (m.PrevTermID == "" || isUUID(m.PrevTermID))
	if !ids || m.Term == 0 || m.Active != word(m.Active) {
		return nil, fmt.Errorf("%w: lineage %q, term %d, term-id %q, prev-term-id %q, active %q",
			ErrMarker, m.Lineage, m.Term, m.TermID, m.PrevTermID, m.Active)
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

// Describe names the marker for a person.
func (m *Marker) Describe() string {
	if m == nil {
		return "no term"
	}
	return fmt.Sprintf("term %d of node %s", m.Term, m.Active)
}
