package replication

// OwnTerm is the record of a term that a node keeps in its state directory from before it begins the
// term until it is demoted. The node judges its term by this and by the record alone: the marker in a database
// belongs to whoever may write rows.
type OwnTerm struct {
	// Record is the record of the term as the node last swapped it in, or means to.
	Record Record
	// Recorded reports whether it has been swapped in once.
	Recorded bool
	// Markers are those with which the term began, by database.
	Markers map[string]Marker
}

// TermState is the judgement of the cluster record on a node's own term.
type TermState string

// The term states. The zero value stands for a node that leads no term, or a record that could
// not be read: nothing follows from that.
const (
	// TermHeld means that the record names this term.
	TermHeld TermState = "held"
	// TermRecordLost means that the record has gone, or gone back to an earlier term, as with
	// an older CIB: the node keeps serving and swaps its own record in.
	TermRecordLost TermState = "record lost"
	// TermUnrecorded means that a promotion was begun and is not in the record.
	TermUnrecorded TermState = "unrecorded"
	// TermOver means that another node has led since, or that this one was demoted.
	TermOver TermState = "over"
)

// Judge holds the node's own term against the record, which is nil if there is none. A later
// term wins against an earlier one; of two terms with one number, the record's does.
func (o *OwnTerm) Judge(record *Record) TermState {
	switch {
	case o == nil:
		return ""
	case record == nil, record.Term < o.Record.Term:
		if o.Recorded {
			return TermRecordLost
		}
		return TermUnrecorded
	case record.TermID != o.Record.TermID, len(record.End) > 0:
		return TermOver
	default:
		return TermHeld
	}
}

// Heal compares the marker found in a database of an active node with the node's own term. Seen
// is the last beat that the node itself has read there. If the marker does not fit, it
// returns the one to write back, with a beat beyond all that a backup can have received, unless that
// left no beats to count on with.
func (o *OwnTerm) Heal(database string, found *Marker, seen uint64) (healed Marker, fits bool) {
	want := o.Markers[database]
	if found != nil && !found.exhausts(seen) {
		want.Beat = found.Beat
		if *found == want && found.Beat >= seen {
			return *found, true
		}
		if found.TermID == want.TermID {
			seen = max(seen, found.Beat)
		}
	}
	want.Beat = min(max(seen, BeatRecorded)+unreadBeats, maxBeat-1)
	return want, false
}

const (
	// unreadBeats is more than the beats that were written since the last one was read: one that is
	// written a second time would prove rows to be elsewhere that are not.
	unreadBeats = 1000
	// maxBeat is the last beat that parseCount reads.
	maxBeat = 1<<63 - 1
	// highBeat is more than beats come to by themselves, and maxJump more than an active node misses
	// of its own.
	highBeat = 1 << 62
	maxJump  = 1 << 32
)

// exhausts reports whether the beat of a marker can only be a client's, so high that the active could
// not count on from it: seen is the last one that the active knows, 0 if it knows none.
func (m *Marker) exhausts(seen uint64) bool {
	return m.Beat == maxBeat || m.Beat > highBeat && seen > 0 && m.Beat > seen+maxJump
}

// Follows reports whether a marker may be one that the active itself wrote after an earlier one, which
// is nil if none is known.
func (m *Marker) Follows(last *Marker) bool {
	return last == nil || last.TermID != m.TermID || last.Beat <= m.Beat && !m.exhausts(last.Beat)
}
