package control

import (
	"strconv"

	"ovndb-servers/pkg/replication"
)

// The number of a term in a marker is a client's as well, who may name a later one than there has been:
// such data would make the record seem to be of an earlier CIB. A node takes part in no term before it
// has begun that itself, or has read it in the record.

// latestTermKnown returns the latest term that this node has begun or read in the record; 0 if that is
// not known.
func (c *Controller) latestTermKnown() uint64 {
	term, err := strconv.ParseUint(c.latestTerm().read(), 10, 63)
	if err != nil {
		return 0
	}
	return term
}

// noteTerm keeps the term of a record, which may be nil, unless a later one is known.
func (c *Controller) noteTerm(record *replication.Record) {
	if record == nil || record.Term <= c.latestTermKnown() {
		return
	}
	c.warn(c.latestTerm().write(strconv.FormatUint(record.Term, 10)), "data of this term counts as that of an earlier one if the record is lost")
}
