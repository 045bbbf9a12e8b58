package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/snapshot"
)

const snapshotsHelp = `Snapshots are copies of this node's database files from before rows were discarded
that no other node may have had: when a node that led comes back, for example.

Exit codes: 0 done, 1 refused or failed, 3 the state could not be found out, or the server
to compare with does not run on this node, 105 there is no such snapshot; the others are
those of all commands.`

func newSnapshotsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "snapshots",
		Short:   "List, show and restore copies of databases that were about to lose rows",
		Long:    snapshotsHelp,
		Args:    knownCommand,
		Example: "  ovndb-servers snapshots list",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSnapshotsListCommand(), newSnapshotsShowCommand(), newSnapshotsRestoreCommand())
	return cmd
}

func newSnapshotsListCommand() *cobra.Command {
	var (
		p      place
		output outputFlag
	)
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the snapshots on this node, the newest of each database first",
		Long:    "List the snapshots on this node, the newest of each database first.\n\n" + snapshotsHelp,
		Example: "  ovndb-servers snapshots list\n  ovndb-servers snapshots list -o json | jq -r .[].name",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return listSnapshots(cmd.Context(), cmd.OutOrStdout(), p, output.format)
		},
	}
	output.add(cmd, outputTable, outputJSON, outputYAML)
	p.addFlags(cmd, statusTimeout)
	return cmd
}

// listSnapshots prints those that can be listed also if others cannot.
func listSnapshots(ctx context.Context, out io.Writer, p place, output string) error {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	t, err := p.target(ctx, discardLogger())
	if err != nil {
		return err
	}
	directory := t.controller.SnapshotDirectory()
	all, failure := directory.List()
	if output != outputTable {
		err = writeDocument(out, append([]snapshot.Info{}, all...), output)
	} else {
		err = writeSnapshots(out, directory.String(), all)
	}
	if err == nil && failure != nil {
		return failure
	}
	return err
}

// takenForm is how a time is shown, always in UTC.
const takenForm = "2006-01-02 15:04:05Z"

func writeSnapshots(out io.Writer, directory string, all []snapshot.Info) error {
	var b strings.Builder
	if len(all) == 0 {
		fmt.Fprintf(&b, "no snapshots in %s\n", directory)
	} else {
		t := newTable(&b)
		t.row("NAME", "DATABASE", "TAKEN", "SIZE", "WHY", "POSITION", "REASON")
		for _, i := range all {
			t.row(i.Name, i.Database, i.Taken.UTC().Format(takenForm), size(i.SizeBytes), i.Why, i.Position, i.Reason)
		}
		t.end()
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// size writes a number of bytes for a person.
func size(bytes int64) string {
	const kibi, mebi = 1 << 10, 1 << 20
	switch {
	case bytes >= 10*mebi:
		return strconv.FormatInt(bytes/mebi, 10) + " MiB"
	case bytes >= 10*kibi:
		return strconv.FormatInt(bytes/kibi, 10) + " KiB"
	default:
		return strconv.FormatInt(bytes, 10) + " B"
	}
}
