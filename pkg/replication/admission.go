package replication

import "fmt"

// Joining is what is known before a backup is pointed at a source.
type Joining struct {
	// Own is what this node's data holds, Rows how many rows there are besides
	// the agent's own.
	Own  Position
	Rows int
	// WasActive says that this server has been writable since it last followed
	// a source: it may hold rows that no other node has.
	WasActive bool
	// Source is the marker of the server to follow, nil if it has none;
	// SourceWritable says that it is active.
	Source         *Marker
	SourceWritable bool
	// Record is the cluster record, nil if there is none.
	Record *Record
}

// Admission says whether a backup may follow a source, and what to do first.
type Admission struct {
	// Refuse is why it may not.
	Refuse string
	// Snapshot is why this node's data is to be kept in a snapshot first; empty
	// if the source has all of it. Why is the same in a word.
	Snapshot, Why string
}

// Admit decides whether a server may be pointed at a source: it must be active,
// of the same lineage, and in the cluster's current term. Whatever this node
// holds and the source may not hold is to be kept.
func Admit(j Joining) Admission {
	switch {
	case !j.SourceWritable:
		return Admission{Refuse: "the server there is not active"}
	case j.Source == nil:
		return Admission{Refuse: "the server there has no term: it was not promoted by this agent"}
	case j.Own.Marked() && j.Own.Lineage != j.Source.Lineage:
		return Admission{Refuse: fmt.Sprintf(
			"it has another origin (lineage %s, this node's is %s): if this node's data is not needed, stop the resource here and move its file away",
			j.Source.Lineage, j.Own.Lineage)}
	case j.sourceOver():
		return Admission{Refuse: fmt.Sprintf("its term %d is over: the cluster is in term %d, which node %s began",
			j.Source.Term, j.Record.Term, j.Record.Node)}
	case !j.Own.Marked():
		return j.adoptRows()
	case j.Record == nil && j.Own.Term > j.Source.Term && j.Own.PrevTermID != j.Source.TermID:
		// With a record, it is the record that says which term is the latest.
		return Admission{Refuse: fmt.Sprintf("its term %d is earlier than this node's %d", j.Source.Term, j.Own.Term)}
	default:
		return j.compareHistories()
	}
}

// adoptRows decides for data without a term.
func (j Joining) adoptRows() Admission {
	if j.Rows == 0 {
		return Admission{}
	}
	return Admission{Snapshot: fmt.Sprintf("%d rows from before this node knew of terms", j.Rows), Why: "adopted"}
}

// sourceOver tells that the source leads a term that is not the cluster's: a node
// that comes back still calls itself promoted.
func (j Joining) sourceOver() bool {
	return j.Record != nil && j.Source.TermID != j.Record.TermID && j.Source.PrevTermID != j.Record.TermID
}

// compareHistories decides whether this node's data may hold what the source
// does not.
func (j Joining) compareHistories() Admission {
	switch {
	case j.WasActive:
		return Admission{Snapshot: "the server was writable since it last followed another", Why: "was-active"}
	case j.Own.TermID == j.Source.TermID, j.Own.PrevTermID == j.Source.TermID:
		return Admission{} // it followed this very source
	case j.Own.PrevTermID == j.Source.PrevTermID && !j.Own.Base.MayExceed(j.Source.Base):
		return Admission{} // a promotion here that no client ever saw, from no more than the source had
	case j.Own.TermID != j.Source.PrevTermID:
		return Admission{
			Snapshot: fmt.Sprintf("data of term %d, which is not the one before the source's term %d", j.Own.Term, j.Source.Term),
			Why:      "older-term",
		}
	case j.Own.Progress.MayExceed(j.Source.Base):
		return Admission{
			Snapshot: fmt.Sprintf("data of term %d up to %s, but the next term began at %s", j.Own.Term, j.Own.Progress, j.Source.Base),
			Why:      "ahead",
		}
	default:
		return Admission{}
	}
}
