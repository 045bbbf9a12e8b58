package control

import (
	"context"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"golang.org/x/sys/unix"

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
	if record == nil || record.Term <= c.knownTerms().latest {
		return
	}
	err := c.changeTerms(func(known knownTerms) knownTerms {
		known.latest = max(known.latest, record.Term)
		return known
	})
	c.warn(err, "data here may count for less than it holds, if the record is lost")
}

// noteBegun keeps that this node begins the term of a record. Where that is not kept, a promotion must not begin
// it: after one that is cut short, the data here would count for less than it holds.
func (c *Controller) noteBegun(record replication.Record) error {
	if slices.Contains(c.knownTerms().begun, record.TermID) {
		return nil
	}
	return c.changeTerms(func(known knownTerms) knownTerms {
		known.latest = max(known.latest, record.Term)
		known.begun = append(known.begun, record.TermID)
		known.begun = known.begun[max(len(known.begun)-maxBegun, 0):]
		return known
	})
}

// changeTerms changes the note while no other process does: the supervisor reads the record beside actions.
func (c *Controller) changeTerms(change func(knownTerms) knownTerms) error {
	defer c.lockTerms()()
	known := change(c.knownTerms())
	words := append([]string{strconv.FormatUint(known.latest, 10)}, known.begun...)
	return c.latestTerm().write(strings.Join(words, " "))
}

// termsLockTimeout is how long another process may take to change the note; it usually takes milliseconds.
const termsLockTimeout = time.Second

// lockTerms locks the directory of the note, whose file is replaced by each change.
func (c *Controller) lockTerms() (unlock func()) {
	ctx, cancel := context.WithTimeout(context.Background(), termsLockTimeout)
	defer cancel()
	l := flock.New(c.StateDir, flock.SetFlag(os.O_RDONLY|unix.O_DIRECTORY))
	if _, err := l.TryLockContext(ctx, lockRetry); err != nil {
		c.warn(err, "another process may change the known terms at the same time")
		return func() {}
	}
	return c.unlocker(l)
}
