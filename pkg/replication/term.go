package replication

// StateOf holds the markers of active servers against the record.
func (r *Record) StateOf(states []ServerState) TermState {
	state := TermHeld
	for _, s := range states {
		switch {
		case s.Condition != ConditionActive || s.Marker == nil:
		case r == nil || s.Marker.TermID != r.TermID && s.Marker.PrevTermID == r.TermID:
			state = TermUnrecorded
		case s.Marker.TermID != r.TermID:
			return TermOver
		}
	}
	return state
}

// NextTerm returns the record of the term that a node begins with the data it holds, and the
// markers of that data. newID draws a new UUID.
func (g ElectionInput) NextTerm(node string, held Positions, newID func() string) (Record, map[string]Marker) {
	next := Record{Term: held.Term() + 1, TermID: newID(), Node: node}
	if g.Record != nil {
		next.Term = max(next.Term, g.Record.Term+1)
	}
	if g.Blessing != nil {
		next.Blessed = g.Blessing.Reason
	}
	markers := map[string]Marker{}
	for database, p := range held {
		markers[database] = p.next(next, g.Record, newID)
	}
	return next, markers
}

// next returns the marker of data at this position when it begins a new term.
func (p Position) next(begins Record, record *Record, newID func() string) Marker {
	m := Marker{
		Lineage: p.Lineage, Term: begins.Term, TermID: begins.TermID, PrevTermID: p.TermID,
		Active: begins.Node, Base: p.Progress, Beat: 1,
	}
	if record != nil && p.Current(*record) {
		m.PrevTermID, m.Base = record.TermID, p.Within(*record)
	}
	if m.Lineage == "" {
		m.Lineage = newID()
	}
	return m
}
