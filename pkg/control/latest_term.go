package control

import (
	"slices"
	"strconv"
	"strings"

	"ovndb-servers/pkg/replication"
)

// A client may write into the marker that the data is of a later term than there has been, which makes the
// record seem to be of an earlier CIB, or that it was made ready for a promotion, with any base. So a node
// keeps which terms there were: it takes part in none before it has begun that itself, or has read it in
// the record; and no data but that of the node which begins a term is made ready for it.

// knownTerms is the content of the note: "TERM TERM-ID TERM-ID...".
type knownTerms struct {
	latest uint64 // 0 if none is known
	begun  []string
}

// maxBegun is how many terms a node keeps that it has begun: as many may have been cut short in a row.
const maxBegun = 16

func (c *Controller) knownTerms() knownTerms {
	fields := strings.Fields(c.latestTerm().read())
	if len(fields) == 0 {
		return knownTerms{}
	}
	latest, err := strconv.ParseUint(fields[0], 10, 63)
	if err != nil {
		return knownTerms{}
	}
	return knownTerms{latest, fields[1:]}
}

// believe returns the position of this node's data as far as a client cannot have made it up.
func (k knownTerms) believe(p replication.Position) replication.Position {
	if k.latest > 0 {
		p.Term = min(p.Term, k.latest)
	}
	if !slices.Contains(k.begun, p.TermID) {
		p = p.NotBegunHere()
	}
	return p
}

// noteTerm keeps the term of a record, which may be nil, unless a later one is known.
func (c *Controller) noteTerm(record *replication.Record) {
	if known := c.knownTerms(); record != nil && record.Term > known.latest {
		known.latest = record.Term
		c.keepTerms(known)
	}
}

// noteBegun keeps that this node begins the term of a record.
func (c *Controller) noteBegun(record replication.Record) {
	known := c.knownTerms()
	if slices.Contains(known.begun, record.TermID) {
		return
	}
	known.latest = max(known.latest, record.Term)
	known.begun = append(known.begun, record.TermID)
	known.begun = known.begun[max(len(known.begun)-maxBegun, 0):]
	c.keepTerms(known)
}

func (c *Controller) keepTerms(known knownTerms) {
	words := append([]string{strconv.FormatUint(known.latest, 10)}, known.begun...)
	c.warn(c.latestTerm().write(strings.Join(words, " ")), "data here may count for less than it holds, if a promotion is cut short or the record is lost")
}
