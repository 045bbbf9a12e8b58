package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/printable"
	"ovndb-servers/pkg/replication"
)

type historyOptions struct {
	place

	output        outputFlag
	since         sinceFlag
	table, row    string
	terms, follow bool
}

const historyHelp = `Show the records of a database file, or without FILE of the resource's databases on this
node, one after the other, the oldest record first: when each was written, its size, the
rows that it writes and deletes by table, and the comment of its transaction. Named by their
kind are the beginnings of terms, beats of the agent, resyncs (a backup deletes all, and
copies all), and compactions, before which a file has no history. Where it cannot be read
further, the last line says so.

The file is only read, also that of a running server. Memory does not depend on its size.
Times are UTC, by the clock of the node that wrote the file. On a backup transactions have
no comment, and several may be one record.

Exit codes: 0 read to its end, 1 it cannot be read to its end, 105 there is no such file or
table; the others are those of all commands.`

func newHistoryCommand(p program) *cobra.Command {
	var o historyOptions
	cmd := &cobra.Command{
		Use:   "history [FILE]",
		Short: "Show what was written to a database file, when, and by whom",
		Long:  historyHelp,
		Example: "  ovndb-servers history --terms\n" +
			"  ovndb-servers history /var/lib/ovn/ovnnb_db.db --since 2h --table Logical_Switch\n" +
			"  ovndb-servers history /var/lib/ovn/ovnsb_db.db --terms -o json | jq .term",
		Args: o.checkArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return showNodeHistory(cmd.Context(), p.stdout, o)
			}
			return showHistory(cmd.Context(), p.stdout, historyFile{path: args[0]}, o)
		},
	}
	o.output.add(cmd, outputTable, outputJSON)
	flags := cmd.Flags()
	flags.Var(&o.since, "since", "only what was written since a time (2026-03-04, '2026-03-04 05:06:07', UTC) or an age (2h)")
	flags.StringVar(&o.table, "table", "", "only records that change rows of a table")
	flags.StringVar(&o.row, "row", "", "only records that change the row of a UUID")
	flags.BoolVar(&o.terms, "terms", false, "only beginnings of terms, resyncs and compactions")
	flags.BoolVarP(&o.follow, "follow", "f", false, "go on with what is added to FILE, until interrupted")
	o.addFlags(cmd, statusTimeout)
	completeWith(cmd, "table", o.completeTables)
	return cmd
}

// historyPoll is between two looks for what was added to a file.
const historyPoll = 250 * time.Millisecond

func showHistory(ctx context.Context, stdout io.Writer, file historyFile, o historyOptions) error {
	var globals []string
	for _, db := range ovsdbctl.KnownDatabases() {
		globals = append(globals, db.GlobalTable)
	}
	h, err := ovsdbfile.OpenHistory(file.path, ovsdbfile.HistoryOptions{GlobalTables: globals, Key: replication.KeyBeat, Row: o.row})
	if err != nil {
		return err
	}
	defer h.Close() //nolint:errcheck // only read
	lines := bufio.NewWriter(stdout)
	reader := historyReader{history: h, options: o, out: printable.Writer(lines), heading: file.heading}
	err = reader.run(ctx, lines.Flush)
	return errors.Join(err, lines.Flush())
}

// historyReader writes the records of a file that are wanted.
type historyReader struct {
	history *ovsdbfile.History
	options historyOptions
	out     io.Writer
	kinds   kinds
	waited  bool // for the rest of a record
	shown   bool // a record
	// heading is written before the first line for a person; empty for none.
	heading string
}

// run writes records to the end of the file, or with follow until ctx ends.
func (r *historyReader) run(ctx context.Context, flush func() error) error {
	for {
		if ended, err := r.ends(ctx, r.showAll(ctx)); ended {
			return err
		}
		if err := flush(); err != nil {
			return err
		}
		if err := r.wait(ctx); err != nil {
			return r.interrupted(ctx, err)
		}
	}
}

// showAll shows the records that there are, and returns why there are no more.
func (r *historyReader) showAll(ctx context.Context) error {
	for {
		entry, err := r.history.Next(ctx)
		if err != nil {
			return err
		}
		r.waited = false
		if err := r.show(entry); err != nil {
			return err
		}
	}
}

// ends reports whether the history is at its end, for the reason why there are no more records, and
// returns the error of that end. Without one, more may come.
func (r *historyReader) ends(ctx context.Context, reason error) (bool, error) {
	torn := new(ovsdbfile.TornError)
	switch {
	case errors.Is(reason, io.EOF) && !r.options.follow:
		return true, r.nothing()
	case errors.Is(reason, io.EOF):
		return false, nil
	case !errors.As(reason, &torn) || torn.Offset == 0:
		return true, r.interrupted(ctx, reason)
	case !torn.Incomplete || r.waited && !r.options.follow:
		return true, r.end(torn)
	default:
		r.waited = true // a server may be writing it
		return false, nil
	}
}

// interrupted is the end of a history that goes on for ever: no error.
func (r *historyReader) interrupted(ctx context.Context, err error) error {
	if r.options.follow && ctx.Err() != nil {
		err = nil
	}
	return err
}

func (r *historyReader) wait(ctx context.Context) error {
	timer := time.NewTimer(historyPoll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	replaced, err := r.history.Advance()
	if replaced {
		r.kinds = kinds{}
	}
	return err
}

func (r *historyReader) end(torn *ovsdbfile.TornError) error {
	e := historyEvent{Kind: kindTorn, Database: r.kinds.database, OffsetBytes: torn.Offset, Reason: torn.Reason}
	return errors.Join(r.write(e), &exitError{code: exitDegraded})
}

func (r *historyReader) show(entry ovsdbfile.Entry) error {
	if o := r.options; entry.Schema != "" && o.table != "" && !r.history.HasTable(o.table) {
		return noSuch("database %s has no table %q", entry.Schema, o.table)
	}
	e := r.kinds.event(entry)
	if !r.options.wants(e, entry) {
		return nil
	}
	return r.write(e)
}

// wants reports whether an event is to be shown. One that has no time passes, whatever the time.
func (o historyOptions) wants(e historyEvent, entry ovsdbfile.Entry) bool {
	_, inTable := entry.Tables[o.table]
	switch {
	case !entry.Date.IsZero() && entry.Date.Before(o.since.time):
		return false
	case o.table != "" && !inTable, o.row != "" && !entry.HasRow:
		return false
	case o.terms:
		return e.Kind == kindTerm || e.Kind == kindResync || e.Kind == kindCompaction
	default:
		return true
	}
}

// nothing says to a person that no record of the file is one of those that were asked for.
func (r *historyReader) nothing() error {
	if r.shown || r.options.output.format != outputTable {
		return nil
	}
	_, err := io.WriteString(r.out, r.heading+"no such record\n")
	return err
}

func (r *historyReader) write(e historyEvent) error {
	text := r.heading + e.line()
	r.heading, r.shown = "", true
	if r.options.output.format == outputJSON {
		var err error
		if text, err = e.json(); err != nil {
			return err
		}
	}
	_, err := io.WriteString(r.out, text+"\n")
	return err
}
