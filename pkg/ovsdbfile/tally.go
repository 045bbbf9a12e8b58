package ovsdbfile

import (
	"errors"
	"io"
)

// tally builds a summary record by record.
type tally struct {
	globalTable, key string
	ignore           []string

	summary     Summary
	rowless     bool     // rows outside of the global table are not tracked
	keySeen     bool     // a record has set, changed or removed the key
	content     *content // nil before the schema
	transaction transaction
}

func newTally(globalTable, key string, ignore []string) *tally {
	return &tally{globalTable: globalTable, key: key, ignore: ignore, transaction: transaction{prefix: prefixOf(key)}}
}

// advance reads the rest of l, and returns the summary of all records that have been read.
// The error is that of [Follower.Advance]; the records before it have been read.
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
	t.summary = Summary{Schema: first.name, SchemaVersion: first.version}
	if t.rowless {
		t.content = resumedContent(first.tables, t.globalTable, nil)
	} else {
		t.content = newContent(first.tables, t.globalTable)
	}
	return nil
}

// addAll reads the transactions. The error is the reason why there are no more: io.EOF at
// the end of a good file.
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
	switch {
	case touched:
		t.keySeen = true
		t.summary.ChangesAfterKey, t.summary.ChangesWithKey = 0, t.transaction.changesOfOthers()
	case t.keySeen:
		t.summary.ChangesAfterKey += t.transaction.changes()
	}
	return nil
}
