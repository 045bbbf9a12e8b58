package ovsdbfile

import (
	"errors"
	"io"
)

// tally is a summary in the making, with all that is needed to go on with it.
type tally struct {
	globalTable, key string
	ignore           []string

	summary     Summary
	content     *content // nil before the schema
	transaction transaction
}

func newTally(globalTable, key string, ignore []string) *tally {
	return &tally{globalTable: globalTable, key: key, ignore: ignore}
}

// advance reads what l has left, and returns the summary of all that has been read. See
// [Summarize] for the error; what was good before it has been read.
func (t *tally) advance(l *log) (Summary, error) {
	if t.content == nil {
		if err := t.begin(l); err != nil {
			return Summary{}, err
		}
	}
	t.summary.Torn = nil
	if err := t.addAll(l); !errors.As(err, &t.summary.Torn) && !errors.Is(err, io.EOF) {
		return Summary{}, err
	}
	t.summary.Size = l.size
	t.summary.Global = t.content.single()
	t.summary.Rows = t.content.rows(t.ignore)
	return t.summary, nil
}

func (t *tally) begin(l *log) error {
	var first schema
	if err := l.read(first.parse, nil); err != nil {
		return err
	}
	t.summary = Summary{Schema: first.name, SchemaVersion: first.version, AfterKey: -1}
	t.content = newContent(first.tables, t.globalTable)
	return nil
}

// addAll reads the transactions. It returns why there are no more: io.EOF at best.
func (t *tally) addAll(l *log) error {
	for {
		if err := l.read(t.parse, t.apply); err != nil {
			return err
		}
	}
}

func (t *tally) parse(s *scanner) error { return t.transaction.parse(s, t.content.tables) }

func (t *tally) apply() error {
	touched, err := t.content.apply(&t.transaction, t.key)
	if err != nil {
		return err
	}
	t.summary.count(&t.transaction, touched)
	return nil
}

func (s *Summary) count(t *transaction, touched bool) {
	s.Records++
	if !t.date.IsZero() {
		s.LastDate = t.date
	}
	switch {
	case touched:
		s.AfterKey, s.ChangesAfterKey, s.ChangesWithKey = 0, 0, t.others()
	case s.AfterKey >= 0:
		s.AfterKey++
		s.ChangesAfterKey += len(t.rows)
	}
}
