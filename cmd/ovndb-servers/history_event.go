package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/printable"
	"ovndb-servers/pkg/replication"
)

// historyEvent is a record of a database file. Its JSON keys are stable; new ones may come.
type historyEvent struct {
	Kind string `json:"kind"`
	// Database is the name of the file's database; empty if its first record cannot be read.
	Database string `json:"database,omitempty"`
	// Time is in UTC, empty where the record has none.
	Time string `json:"time,omitempty"`
	// OffsetBytes is where the record is in the file, SizeBytes how long it is.
	OffsetBytes int64                         `json:"offset_bytes"`
	SizeBytes   int64                         `json:"size_bytes"`
	Tables      map[string]ovsdbfile.RowCount `json:"tables,omitempty"`
	Comment     string                        `json:"comment,omitempty"`
	// Term, TermID, Active and Beat are those of the marker after the record, where the data has one.
	Term   uint64 `json:"term,omitempty"`
	TermID string `json:"term_id,omitempty"`
	Active string `json:"active,omitempty"`
	Beat   uint64 `json:"beat,omitempty"`
	// Schema and SchemaVersion are of the first record, Reason is why a file cannot be read further.
	Schema        string `json:"schema,omitempty"`
	SchemaVersion string `json:"schema_version,omitempty"`
	Reason        string `json:"reason,omitempty"`
}

// The kinds of events.
const (
	kindSchema      = "schema"
	kindTransaction = "transaction"
	kindTerm        = "term"
	kindBeat        = "beat"
	kindResync      = "resync"
	kindCompaction  = "compaction"
	kindTorn        = "torn"
)

// historyTime is how a time is written, always in UTC.
const historyTime = "2006-01-02T15:04:05.000Z"

// kinds tells records apart by those before them.
type kinds struct {
	database string
	emptied  bool // the record before deleted all: this one is the copy
}

func (k *kinds) event(entry ovsdbfile.Entry) historyEvent {
	k.database = cmp.Or(entry.Schema, k.database)
	e := historyEvent{
		Database: k.database, OffsetBytes: entry.Offset, SizeBytes: entry.Size, Tables: entry.Tables, Comment: entry.Comment,
		Schema: entry.Schema, SchemaVersion: entry.SchemaVersion,
	}
	if !entry.Date.IsZero() {
		e.Time = entry.Date.UTC().Format(historyTime)
	}
	before, after := replication.ReadableMarker(entry.Before), replication.ReadableMarker(entry.After)
	if after != nil {
		e.Term, e.TermID, e.Active, e.Beat = after.Term, after.TermID, after.Active, after.Beat
	}
	e.Kind = k.kind(entry, before, after)
	k.emptied = entry.Emptied
	return e
}

func (k *kinds) kind(entry ovsdbfile.Entry, before, after *replication.Marker) string {
	switch {
	case entry.Schema != "":
		return kindSchema
	case entry.Compacted:
		return kindCompaction
	case entry.Emptied, k.emptied:
		return kindResync
	case after != nil && (before == nil || before.TermID != after.TermID):
		return kindTerm
	case after != nil && before.Beat != after.Beat && len(entry.Tables) == 1:
		return kindBeat
	default:
		return kindTransaction
	}
}

// json returns the event as one line.
func (e historyEvent) json() (string, error) {
	text, err := json.Marshal(e)
	return string(text), err
}

// line returns the event for a person.
func (e historyEvent) line() string {
	at := strings.Replace(e.Time, "T", " ", 1)
	length := size(e.SizeBytes)
	if e.Kind == kindTorn {
		length = ""
	}
	text := fmt.Sprintf("%-24s  %-11s  %8s  %s", at, e.Kind, length, printable.Text(e.details()))
	return strings.TrimRight(text, " ")
}

func (e historyEvent) details() string {
	var words []string
	switch e.Kind {
	case kindSchema:
		return e.Schema + " " + e.SchemaVersion
	case kindTorn:
		return fmt.Sprintf("from byte %d it cannot be read: %s", e.OffsetBytes, e.Reason)
	case kindTerm:
		words = append(words, fmt.Sprintf("term %d of node %s", e.Term, e.Active))
	case kindBeat:
		words = append(words, fmt.Sprintf("beat %d of term %d", e.Beat, e.Term))
	}
	for _, table := range slices.Sorted(maps.Keys(e.Tables)) {
		words = append(words, table+": "+countText(e.Tables[table]))
	}
	text := strings.Join(words, "; ")
	if e.Comment != "" {
		text += fmt.Sprintf("  %q", e.Comment)
	}
	return text
}

func countText(c ovsdbfile.RowCount) string {
	switch {
	case c.Deleted == 0:
		return fmt.Sprintf("%d written", c.Written)
	case c.Written == 0:
		return fmt.Sprintf("%d deleted", c.Deleted)
	default:
		return fmt.Sprintf("%d written, %d deleted", c.Written, c.Deleted)
	}
}

// sinceFlag is a time, or an age.
type sinceFlag struct {
	text string
	time time.Time
}

// String implements [pflag.Value].
func (f *sinceFlag) String() string { return f.text }

// Type implements [pflag.Value].
func (f *sinceFlag) Type() string { return "time" }

// Set implements [pflag.Value].
func (f *sinceFlag) Set(text string) error {
	f.text = text
	for _, form := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(form, text); err == nil {
			f.time = t
			return nil
		}
	}
	age, err := time.ParseDuration(text)
	if err != nil || age < 0 {
		return fmt.Errorf("%q is no time, such as '2026-03-04 05:06', and no age, such as 2h", text)
	}
	f.time = time.Now().Add(-age)
	return nil
}
