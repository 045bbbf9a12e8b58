package replication

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Record is the cluster record, the one value that all nodes agree on. It is a property of the
// CIB for each resource, and changes by compare-and-swap only.
type Record struct {
	// Term counts promotions and only grows, TermID names one.
	Term   uint64
	TermID string
	// Node leads the term, or led it.
	Node string
	// Members are the nodes that were not behind when the record was swapped, Node among
	// them; nil if that is not known, as in a record of the first edition.
	Members []string
	// Base is how far the data of the term before had come when this term began, with the identifier
	// of that term; nil if that is not known, as in a record of an earlier version. The markers say
	// the same, but clients can write there.
	Base Positions
	// End is where the data ended when Node was demoted as planned; nil if it was not.
	End Positions
	// Blessed is the reason an operator gave for letting that node's data lead;
	// empty if it led by its positions.
	Blessed string
}

// ErrRecord is returned for a cluster record that cannot be read.
var ErrRecord = errors.New("the cluster record cannot be read")

// ErrNotSuccessor is returned for a record that must not take the place of another one.
var ErrNotSuccessor = errors.New("the cluster record must not be replaced")

// The words of a record that are found by their prefixes.
const (
	wordMembers   = "members="
	wordBase      = "base="
	wordEnd       = "end="
	blessedPrefix = "blessed:"
)

// String returns the form in which the record is kept, which is one line and can stand in an
// XML attribute and in an XPath literal:
//
//	TERM TERM-ID NODE [members=NODE,NODE] [base=POSITIONS] [end=POSITIONS] [blessed: REASON]
func (r Record) String() string {
	words := []string{strconv.FormatUint(r.Term, 10), word(r.TermID), word(r.Node)}
	if len(r.Members) > 0 {
		members := make([]string, 0, len(r.Members))
		for _, m := range r.Members {
			members = append(members, word(m))
		}
		words = append(words, wordMembers+strings.Join(members, ","))
	}
	if len(r.Base) > 0 {
		words = append(words, wordBase+r.Base.String())
	}
	if len(r.End) > 0 {
		words = append(words, wordEnd+r.End.String())
	}
	if r.Blessed != "" {
		words = append(words, blessedPrefix+" "+CleanReason(r.Blessed))
	}
	return strings.Join(words, " ")
}

// Describe names the record for a person.
func (r *Record) Describe() string {
	if r == nil {
		return "none"
	}
	return fmt.Sprintf("term %d of node %s", r.Term, r.Node)
}

// led names who led the term, in a sentence; nothing where that is not known.
func (r *Record) led() string {
	if r.Node == "" {
		return ""
	}
	return ", which node " + r.Node + " led"
}

// ParseRecord reads the text that String returns, and ignores words between the node and the blessing
// that it does not know. An empty text is no record: nil.
func ParseRecord(text string) (*Record, error) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return nil, nil //nolint:nilnil // no promotion yet is no error
	}
	if len(fields) < 3 || !isWord(fields[1]) || !isWord(fields[2]) {
		return nil, fmt.Errorf("%w: %q", ErrRecord, text)
	}
	term, err := parseCount(fields[0])
	if err != nil || term == 0 {
		return nil, fmt.Errorf("%w: %q: no term", ErrRecord, text)
	}
	record := &Record{Term: term, TermID: fields[1], Node: fields[2]}
	for i, field := range fields[3:] {
		if field == blessedPrefix {
			record.Blessed = CleanReason(strings.Join(fields[3+i+1:], " "))
			break
		}
		if err := record.parseWord(field); err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrRecord, text, err)
		}
	}
	return record, nil
}

// parseWord reads a word that may be one of a later version.
func (r *Record) parseWord(field string) error {
	if members, found := strings.CutPrefix(field, wordMembers); found {
		r.Members = strings.Split(members, ",")
		if i := slices.IndexFunc(r.Members, func(m string) bool { return !isWord(m) }); i >= 0 {
			return fmt.Errorf("%q is no node", r.Members[i])
		}
	}
	var err error
	if base, found := strings.CutPrefix(field, wordBase); found {
		r.Base, err = ParsePositions(base)
	}
	if end, found := strings.CutPrefix(field, wordEnd); found {
		r.End, err = ParsePositions(end)
	}
	return err
}

// Demoted returns the record after the planned demotion of its node, whose data ended at end.
func (r Record) Demoted(end Positions) Record {
	r.End = end
	return r
}

// Succeeds checks that r may take the place of old, which is nil if there is no record. It
// returns ErrNotSuccessor if the term would not grow, or the end of a term would change, and
// ErrRecord if its text would not be read as it was meant.
func (r Record) Succeeds(old *Record) error {
	switch {
	case !r.readsBack():
		return fmt.Errorf("%w: %q does not say what was meant", ErrRecord, r.String())
	case old == nil || r.Term > old.Term:
		return nil
	case r.Term < old.Term:
		return fmt.Errorf("%w: term %d of node %s is earlier than the recorded %s", ErrNotSuccessor, r.Term, r.Node, old.Describe())
	case r.TermID != old.TermID || r.Node != old.Node:
		return fmt.Errorf("%w: another promotion with the term %d is recorded, of node %s", ErrNotSuccessor, r.Term, old.Node)
	case len(old.End) > 0 && old.End.String() != r.End.String():
		return fmt.Errorf("%w: the term %d of node %s has ended", ErrNotSuccessor, r.Term, r.Node)
	default:
		return nil
	}
}

func (r Record) readsBack() bool {
	again, err := ParseRecord(r.String())
	return err == nil && again.TermID == r.TermID && again.Node == r.Node && slices.Equal(again.Members, r.Members)
}
