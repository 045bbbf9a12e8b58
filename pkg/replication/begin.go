package replication

import (
	"maps"
	"slices"
)

// Begin returns the node's own term that begins with the data it holds, once the election says
// that it may lead: the record to swap in and the markers to write before that. newID draws a
// new UUID.
func (e Election) Begin(newID func() string) OwnTerm {
	next := Record{Term: e.latestTerm() + 1, TermID: newID(), Node: e.Self}
	// Who takes part and does not follow has not seen the start of the term, and cannot lead
	// either way; who does is removed once it is behind.
	next.Members = slices.Sorted(maps.Keys(e.Candidates))
	if e.Blessing != nil {
		next.Blessed = CleanReason(e.Blessing.Reason)
	}
	markers := map[string]Marker{}
	for database, p := range e.Candidates[e.Self].Positions {
		m := p.next(next, e.Record, newID)
		markers[database] = m
		if m.PrevTermID != "" {
			if next.Base == nil {
				next.Base = Positions{}
			}
			next.Base[database] = Position{Lineage: m.Lineage, TermID: m.PrevTermID, Progress: m.Base}
		}
	}
	return OwnTerm{Record: next, Markers: markers}
}

// latestTerm returns the latest term that the record or any data tells of.
func (e Election) latestTerm() uint64 {
	var latest uint64
	if e.Record != nil {
		latest = e.Record.Term
	}
	for _, c := range e.Candidates {
		latest = max(latest, c.Positions.Term())
	}
	return latest
}

// next returns the marker of data at this position when it begins a new term. A promotion that
// was begun and never recorded is passed over: the others have never heard of it.
func (p Position) next(begins Record, record *Record, newID func() string) Marker {
	m := Marker{
		Lineage: p.Lineage, Term: begins.Term, TermID: begins.TermID, PrevTermID: p.TermID,
		Active: begins.Node, Base: p.Progress, Beat: BeatBegun,
	}
	recorded := record != nil && p.TermID == record.TermID
	if p.begun() && !recorded && p.PrevTermID != "" {
		m.PrevTermID, m.Base = p.PrevTermID, p.Base
	}
	if m.Lineage == "" {
		m.Lineage = newID()
	}
	return m
}
