package replication

import "fmt"

// Joining is the input of an admission: the facts known before a backup is pointed at a source.
type Joining struct {
	// Database is the name of the database.
	Database string
	// Own is the position of this node's data, Rows the number of its rows besides
	// the agent's own; negative if that is not known, as of marked data.
	Own  Position
	Rows int
	// WasWritable says that this server has been writable without leading a term since it last
	// followed a source, or that this is not known: it may hold rows that no other node has.
	WasWritable bool
	// Source is the marker of the server to follow, nil if it has none;
	// SourceWritable says that it is active.
	Source         *Marker
	SourceWritable bool
	// OtherAgent says that the source is that of a promoted node which has published nothing: another
	// agent of the resource leads there, and keeps no terms.
	OtherAgent bool
	// SourceBlank says that the source has no rows but those that agents write themselves: it is only
	// asked of one of another agent that has no marker.
	SourceBlank bool
	// Unreplicable is why this server can never replicate the source, as when it has another
	// database; empty if it can.
	Unreplicable string
	// SchemaDiffers says that it cannot with the schema that it has.
	SchemaDiffers bool
	// Record is the cluster record, nil if there is none.
	Record *Record
	// Discard says that an operator gives up the rows of this server, in the term of the record.
	Discard bool
}

// The kinds of snapshots that an admission asks for.
const (
	// SnapshotAdopted keeps rows from before the database was marked.
	SnapshotAdopted = "adopted"
	// SnapshotWasActive keeps the data of a server that was writable without leading.
	SnapshotWasActive = "was-active"
	// SnapshotOtherTerm keeps data of a term that is neither the source's nor the one before.
	SnapshotOtherTerm = "older-term"
	// SnapshotAhead keeps data that may hold rows that the source lacks.
	SnapshotAhead = "ahead"
	// SnapshotOtherAgent keeps data before that of another agent's promoted node is followed.
	SnapshotOtherAgent = "other-agent"
	// SnapshotReinit keeps data that an operator gives up.
	SnapshotReinit = "reinit"
)

// Admission says whether a backup may follow a source, and what to do first.
type Admission struct {
	// Refuse is why it may not. Soon says that this is likely to change by itself within
	// seconds; else nothing changes until an operator, or another promotion, changes it.
	Refuse string
	Soon   bool
	// Snapshot is why this node's data is to be kept in a snapshot first; empty
	// if the source is proven to have all of it. Why is the kind of snapshot.
	Snapshot, Why string
	// TakeSchema says that this server has to take the schema of the source first, after the
	// snapshot: rows here may lose columns by it.
	TakeSchema bool
	// Wait says that the next beat of the source would prove that it has all of it: the source
	// may be asked again for a moment before a snapshot is taken.
	Wait bool
}

// Admit decides whether a server may be pointed at a source: that must be active, of the same
// lineage, and lead the record's term. The record decides even where this node's data is of a
// later term, as after two halves of a cluster have merged: the source serves clients by the
// cluster's word, and the rows here go into a snapshot.
func Admit(j Joining) Admission {
	if j.neverLed() {
		j.Own = Position{}
	}
	if a := j.refuse(); a.Refuse != "" {
		return a
	}
	a := j.admit()
	a.TakeSchema = j.SchemaDiffers
	return a
}

// neverLed reports whether the origin of this node's data is a promotion that was never recorded, the first
// one of the data: another node's first promotion was recorded in its place. No node has led with it.
func (j Joining) neverLed() bool {
	if !j.Own.begun() || j.Own.PrevTermID != "" || j.Record != nil && j.Record.TermID == j.Own.TermID {
		return false
	}
	return j.Source == nil || j.Source.Lineage != j.Own.Lineage
}

// admit decides for a source that is not refused.
func (j Joining) admit() Admission {
	switch {
	case !j.Own.Marked() && j.Rows == 0:
		return Admission{}
	case j.Discard:
		return Admission{Snapshot: "an operator has the databases of this node copied again", Why: SnapshotReinit}
	case !j.Own.Marked():
		return Admission{Snapshot: j.rows() + " from before this node knew of terms", Why: SnapshotAdopted}
	case j.OtherAgent:
		return Admission{Snapshot: "the promoted node runs another agent, whose data proves nothing", Why: SnapshotOtherAgent}
	case j.WasWritable:
		return Admission{Snapshot: "the server was writable since it last followed another", Why: SnapshotWasActive}
	case j.Own.TermID == j.Source.TermID:
		return j.compare("the source's own term", Progress{Beat: j.Source.Beat}, true)
	case j.Own.TermID == j.before().TermID:
		base := j.before().Progress
		return j.compare(fmt.Sprintf("the term before that of the source, which began at %s,", base), base, false)
	default:
		return Admission{
			Snapshot: fmt.Sprintf("data of term %d (%s), which is not the one before the source's term %d",
				j.Own.Term, j.Own.Progress, j.Source.Term),
			Why: SnapshotOtherTerm,
		}
	}
}

// rows names the rows of this node.
func (j Joining) rows() string {
	if j.Rows < 0 {
		return "rows"
	}
	return fmt.Sprintf("%d rows", j.Rows)
}

// before returns the term before that of the source, and how far its data had come when that began.
// The record's word goes before that of the source's marker, into which a client can write: rows that
// are wrongly proven to be there would be lost.
func (j Joining) before() Position {
	if base, known := j.Record.Base[j.Database]; known {
		return base
	}
	return Position{TermID: j.Source.PrevTermID, Progress: j.Source.Base}
}

func (j Joining) refuse() Admission {
	switch {
	case !j.SourceWritable:
		return Admission{Refuse: "the server there is not active", Soon: true}
	case j.SourceBlank && j.Rows != 0:
		return Admission{Refuse: fmt.Sprintf(
			"it is blank, and this node has %s: if these are not needed, stop the resource here and move its file away", j.rows())}
	case j.OtherAgent && j.Unreplicable == "" && j.fitsOtherAgent():
		return Admission{}
	case j.Source == nil:
		return Admission{Refuse: "the server there has no term, or one that cannot be read: it was not promoted by this agent", Soon: true}
	case j.Unreplicable != "":
		return Admission{Refuse: j.Unreplicable}
	case j.foreign():
		return Admission{Refuse: fmt.Sprintf(
			"it has another origin (lineage %s, this node's is %s): if this node's data is not needed: ovndb-servers reinit",
			j.Source.Lineage, j.Own.Lineage)}
	default:
		return j.refuseByRecord()
	}
}

// foreign reports whether this server holds data of another origin that an operator has not given up.
func (j Joining) foreign() bool {
	return j.Own.Marked() && j.Own.Lineage != j.Source.Lineage && !j.Discard
}

// refuseByRecord refuses a source that does not lead the term of the record.
func (j Joining) refuseByRecord() Admission {
	switch {
	case j.Record == nil || j.Source.Term > j.Record.Term:
		return Admission{Refuse: fmt.Sprintf("its term %d is not recorded yet (recorded is: %s)", j.Source.Term, j.Record.Describe()), Soon: true}
	case j.Source.TermID != j.Record.TermID:
		return Admission{Refuse: fmt.Sprintf("its term %d is over: the cluster is in term %d, which node %s began",
			j.Source.Term, j.Record.Term, j.Record.Node)}
	case len(j.Record.End) > 0:
		return Admission{Refuse: fmt.Sprintf("its term %d ended when node %s was demoted", j.Record.Term, j.Record.Node), Soon: true}
	default:
		return Admission{}
	}
}

// fitsOtherAgent reports whether another agent's active server may be followed: its data was never
// marked, or is that of the latest term, which goes on there without a record.
func (j Joining) fitsOtherAgent() bool {
	if j.Source == nil {
		return !j.Own.Marked()
	}
	return j.Record != nil && j.Source.TermID == j.Record.TermID && (!j.Own.Marked() || j.Own.Lineage == j.Source.Lineage)
}

// compare decides for data of a term of which the source is known to hold all up to reached.
// Only beats prove: the source has all that came before a beat that it holds. Numbers of rows
// do not, as a backup counts other records than its source.
func (j Joining) compare(term string, reached Progress, goesOn bool) Admission {
	own := j.Own.Progress
	if own.Beat < reached.Beat || own.Beat == reached.Beat && own.AtBeat() {
		return Admission{}
	}
	return Admission{
		Snapshot: fmt.Sprintf("data of %s up to %s, and the source is proven to have it up to beat %d", term, own, reached.Beat),
		Why:      SnapshotAhead,
		Wait:     goesOn && own.Beat == reached.Beat,
	}
}
