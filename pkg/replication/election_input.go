package replication

// grounds is what this node decides an election on, besides the other nodes' answers.
type ElectionInput struct {
	Record   *Record
	Blessing *Blessing
	// finals say where the data of other nodes ended at least that were demoted in the
	// record's term. End says where that of the node that led it did, which may be this
	// one; nil if it has not been demoted, or cannot tell.
	Finals map[string]Positions
	End    Positions
	// said is what this node said itself, nil if nothing.
	Said Positions
}

// handedOver reports whether the node that led the record's term was demoted: it said
// where its data ended, and wrote nothing after that. Then no node holds more, and
// none has to be asked.
func (g ElectionInput) HandedOver() bool {
	for _, position := range g.End {
		if position.TermID != g.Record.TermID {
			return false
		}
	}
	return len(g.End) > 0
}

// lost reports whether this node was demoted in the record's term, and no longer holds what
// it said its data ended with: its file was cut short, or is an earlier copy.
func (g ElectionInput) Lost(holds Positions) bool {
	return len(g.Said) > 0 && (!holds.Current(*g.Record) || holds.CompareWithin(*g.Record, g.Said) < 0)
}
