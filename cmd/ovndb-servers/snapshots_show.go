package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/printable"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/snapshot"
)

type showOptions struct {
	place

	output outputFlag
	all    bool
}

const (
	// showTimeout leaves time to read databases of hundreds of megabytes.
	showTimeout = 2 * time.Minute
	// maxRows and maxText bound the output without --all: rows, and bytes of a column.
	maxRows = 50
	maxText = 200
)

func newSnapshotsShowCommand() *cobra.Command {
	var o showOptions
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Describe a snapshot, and show the rows that differ from the live database",
		Long: `Describe a snapshot, and show the rows in which it differs from the live database
of this node: "missing" are those that only the snapshot has, "added" those that only
the live database has. The agent's own notes are left out: the Connection tables and
the keys "ovndb-servers:..." of external_ids.

` + snapshotsHelp,
		Example:           "  ovndb-servers snapshots show $(ovndb-servers snapshots list -o json | jq -r .[0].name)",
		Args:              oneSnapshot,
		ValidArgsFunction: o.completeSnapshots,
		RunE: func(cmd *cobra.Command, args []string) error {
			return showSnapshot(cmd.Context(), cmd.OutOrStdout(), o, args[0])
		},
	}
	o.output.add(cmd, outputTable, outputJSON, outputYAML)
	cmd.Flags().BoolVar(&o.all, "all", false, fmt.Sprintf("show all rows in full, and not only the first %d", maxRows))
	o.addFlags(cmd, showTimeout)
	return cmd
}

// shown is the result of show. Its JSON keys are stable; new ones may come.
type shown struct {
	Snapshot snapshot.Info `json:"snapshot"`
	// Compared reports whether there was a live database to compare with; NotCompared are the
	// tables that were left out.
	Compared    bool     `json:"compared"`
	NotCompared []string `json:"not_compared"`
	// Total counts the rows that differ, also those that are not listed.
	Total       int                   `json:"total"`
	Counts      map[snapshot.Kind]int `json:"counts"`
	Differences []snapshot.Difference `json:"differences"`
}

func showSnapshot(ctx context.Context, out io.Writer, o showOptions, name string) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	t, err := o.target(ctx, discardLogger())
	if err != nil {
		return err
	}
	file, info, err := t.controller.SnapshotDirectory().Open(name)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	s := shown{Snapshot: info, NotCompared: []string{}, Differences: []snapshot.Difference{}, Counts: map[snapshot.Kind]int{}}
	failure := s.compare(ctx, file, t.controller.Units)
	s.count(o.all)
	if o.output.format != outputTable {
		err = writeDocument(out, s, o.output.format)
	} else {
		err = writeShown(out, s, o.all)
	}
	if err == nil && failure != nil {
		return fmt.Errorf("the snapshot is not compared: %w", failure)
	}
	return err
}

// compare reads both sides. The live rows come last, so that the answer is fresh.
func (s *shown) compare(ctx context.Context, file *os.File, units []control.Unit) error {
	i := slices.IndexFunc(units, func(u control.Unit) bool { return u.Name() == s.Snapshot.Database })
	if i < 0 {
		return fmt.Errorf("%w: %q", errNoDatabase, s.Snapshot.Database)
	}
	database, tables, err := snapshot.Tables(file)
	if err != nil {
		return err
	}
	ignore := ignored()
	tables = slices.DeleteFunc(tables, func(table string) bool { return slices.Contains(ignore.Tables, table) })
	account, err := process.AccountOf(units[i].Files.Database)
	if err != nil {
		return err
	}
	kept, err := snapshot.Read(ctx, file, account, database, tables)
	if err != nil && !errors.Is(err, snapshot.ErrTooLarge) {
		return err
	}
	for _, table := range tables {
		if _, read := kept[table]; !read {
			s.NotCompared = append(s.NotCompared, table)
		}
	}
	ignore.Tables = append(ignore.Tables, s.NotCompared...)
	live, err := liveRows(ctx, units[i], ignore)
	if err != nil {
		return err
	}
	s.Compared = true
	s.Differences = append(s.Differences, snapshot.Compare(kept, live, ignore)...)
	return nil
}

var errNoDatabase = errors.New("this node serves no such database")

// ignored are the tables, columns and elements that the agent itself keeps in a database.
func ignored() snapshot.Ignore {
	return snapshot.Ignore{
		Tables:   []string{ovsdbctl.ConnectionTable},
		Columns:  []string{"connections"},
		Elements: `"` + replication.MarkerPrefix,
	}
}

func liveRows(ctx context.Context, u control.Unit, ignore snapshot.Ignore) (snapshot.Contents, error) {
	store, err := u.Server.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	tables, err := store.Tables(ctx)
	if err != nil {
		return nil, err
	}
	live := snapshot.Contents{}
	for _, table := range tables {
		if slices.Contains(ignore.Tables, table) {
			continue
		}
		if live[table], err = store.Rows(ctx, table); err != nil {
			return nil, err
		}
	}
	return live, nil
}

// count counts the differences and, without all, keeps the first of them.
func (s *shown) count(all bool) {
	s.Total = len(s.Differences)
	for _, d := range s.Differences {
		s.Counts[d.Kind]++
	}
	if !all {
		s.Differences = s.Differences[:min(s.Total, maxRows)]
	}
}

func writeShown(out io.Writer, s shown, all bool) error {
	var b strings.Builder
	i := s.Snapshot
	t := newTable(&b)
	t.row("name:", i.Name)
	t.row("database:", i.Database)
	t.row("copy of:", i.File)
	t.row("taken:", i.Taken.UTC().Format(takenForm))
	t.row("size:", size(i.SizeBytes))
	if i.CutBytes > 0 {
		t.row("left out:", size(i.CutBytes)+" of an unfinished record at the end of the file")
	}
	t.row("why:", i.Why)
	t.row("position:", i.Position)
	t.row("reason:", i.Reason)
	t.end()
	if s.Compared {
		fmt.Fprintf(&b, "\n%d rows differ from the live database of this node: %d missing there, %d changed, %d added since\n",
			s.Total, s.Counts[snapshot.Missing], s.Counts[snapshot.Changed], s.Counts[snapshot.Added])
	}
	if len(s.NotCompared) > 0 {
		fmt.Fprintf(&b, "not compared, because they are too large: %s\n", printable.Text(strings.Join(s.NotCompared, ", ")))
	}
	for _, d := range s.Differences {
		fmt.Fprintf(&b, "\n%s  %s  %s\n", d.Kind, printable.Text(d.Table), printable.Text(d.UUID))
		for _, c := range d.Columns {
			fmt.Fprintf(&b, "  %s: %s\n", printable.Text(c.Column), bounded(printable.Text(sides(d.Kind, c)), all))
		}
	}
	if more := s.Total - len(s.Differences); more > 0 {
		fmt.Fprintf(&b, "\nand %d more rows: show them with --all\n", more)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// sides writes a column's values on each side.
func sides(kind snapshot.Kind, c snapshot.Change) string {
	was, is := strings.Join(c.Snapshot, ", "), strings.Join(c.Live, ", ")
	switch kind {
	case snapshot.Missing:
		return was
	case snapshot.Added:
		return is
	case snapshot.Changed:
		return fmt.Sprintf("%s in the snapshot, %s live", nothing(was), nothing(is))
	default:
		return was + is
	}
}

func nothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

func bounded(text string, all bool) string {
	if all || len(text) <= maxText {
		return text
	}
	return strings.ToValidUTF8(text[:maxText], "") + " ..."
}
