package replication

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Progress is how far data has come within a term.
type Progress struct {
	// Beat is the last beat the data holds.
	Beat uint64
	// Changes counts the rows that were certainly inserted, modified or deleted after that beat
	// in the term's history, each once for each record of the database file. A backup may receive
	// several transactions as one record: among copies of one history, fewer changes do not prove
	// fewer transactions, but as many do prove as many.
	Changes uint64
	// Possible counts those that came in one record with the beat as well: it cannot be told
	// whether they came before or after it.
	Possible uint64
}

// Compare orders progress within one term, by beat and then by changes.
func (p Progress) Compare(q Progress) int {
	return cmp.Or(cmp.Compare(p.Beat, q.Beat), cmp.Compare(p.Changes, q.Changes))
}

// AtBeat reports whether the data holds its last beat and certainly nothing that came after.
func (p Progress) AtBeat() bool { return p.Changes == 0 && p.Possible == 0 }

// String returns "BEAT+CHANGES", or "BEAT+CHANGES~POSSIBLE" where the two differ.
func (p Progress) String() string {
	text := strconv.FormatUint(p.Beat, 10) + "+" + strconv.FormatUint(p.Changes, 10)
	if p.Possible > p.Changes {
		text += "~" + strconv.FormatUint(p.Possible, 10)
	}
	return text
}

// parseProgress reads the text that Progress.String returns, and ignores the rest from another "~" on.
func parseProgress(text string) (Progress, error) {
	beat, changes, found := strings.Cut(text, "+")
	if !found {
		return Progress{}, fmt.Errorf("%q is no BEAT+CHANGES", text)
	}
	counts := strings.Split(changes, "~")
	possible := counts[min(1, len(counts)-1)]
	b, err1 := parseCount(beat)
	c, err2 := parseCount(counts[0])
	p, err3 := parseCount(possible)
	return Progress{Beat: b, Changes: c, Possible: max(c, p)}, errors.Join(err1, err2, err3)
}

// parseCount reads a term, a beat or a number of rows. All are less than 2^63, so that none
// that is counted up wraps.
func parseCount(text string) (uint64, error) { return strconv.ParseUint(text, 10, 63) }
