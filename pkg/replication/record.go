package replication

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Record is the cluster record: which term is current, and who leads it. It is
// one property of the CIB, which the cluster keeps consistent, for each
// resource.
type Record struct {
	Term   uint64
	TermID string
	Node   string
	// Blessed is the reason an operator gave for letting that node's data lead;
	// empty if it led by what it held.
	Blessed string
}

// ErrRecord is returned for a cluster record that cannot be read.
var ErrRecord = errors.New("the cluster record cannot be read")

// blessedPrefix introduces the reason of a blessing.
const blessedPrefix = "blessed:"

// String returns "TERM TERM-ID NODE", followed by " blessed: REASON" if an operator
// has let that node lead: the form in which the record is kept.
func (r Record) String() string {
	text := strconv.FormatUint(r.Term, 10) + " " + r.TermID + " " + r.Node
	if r.Blessed != "" {
		text += " " + blessedPrefix + " " + r.Blessed
	}
	return text
}

// describe names the record for a person.
func (r *Record) Describe() string {
	if r == nil {
		return "none"
	}
	return fmt.Sprintf("term %d of node %s", r.Term, r.Node)
}

// ParseRecord reads what String returns. An empty text is no record: nil.
func ParseRecord(text string) (*Record, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return nil, nil //nolint:nilnil // no promotion yet is no error
	}
	if len(fields) < 3 || len(fields) > 3 && fields[3] != blessedPrefix {
		return nil, fmt.Errorf("%w: %q", ErrRecord, text)
	}
	term, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil || term == 0 {
		return nil, fmt.Errorf("%w: %q: no term", ErrRecord, text)
	}
	record := &Record{Term: term, TermID: fields[1], Node: fields[2]}
	if len(fields) > 3 {
		record.Blessed = strings.Join(fields[4:], " ")
	}
	return record, nil
}
