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
}

// ErrRecord is returned for a cluster record that cannot be read.
var ErrRecord = errors.New("the cluster record cannot be read")

// String returns "TERM TERM-ID NODE", the form in which the record is kept.
func (r Record) String() string {
	return strconv.FormatUint(r.Term, 10) + " " + r.TermID + " " + r.Node
}

// ParseRecord reads what String returns. An empty text is no record: nil.
func ParseRecord(text string) (*Record, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return nil, nil //nolint:nilnil // no promotion yet is no error
	}
	if len(fields) != 3 {
		return nil, fmt.Errorf("%w: %q", ErrRecord, text)
	}
	term, err := strconv.ParseUint(fields[0], 10, 64)
	if err != nil || term == 0 {
		return nil, fmt.Errorf("%w: %q: no term", ErrRecord, text)
	}
	return &Record{Term: term, TermID: fields[1], Node: fields[2]}, nil
}
