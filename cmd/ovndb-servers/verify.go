package main

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/verify"
)

type verifyOptions struct {
	place

	database string
	output   outputFlag
	settle   time.Duration
	limit    int
	keys     pki.Files
	// all says that the copies of a resource are compared.
	all bool
}

const (
	// verifyTimeout leaves time for millions of rows.
	verifyTimeout = 10 * time.Minute
	// settleTime is some times as long as a backup takes to follow.
	settleTime = 5 * time.Second
	// memoryLimit is where the collector begins to run more often, in bytes. Two files of a million
	// rows need half of it.
	memoryLimit = 160 << 20
)

const verifyHelp = `Compare two copies of a database row by row. A and B are each the path of a database
file, or the address of a server: unix:PATH, tcp:HOST:PORT or tcp:[IPv6]:PORT, or ssl: in
the place of tcp:, with the files that a client needs. Files are only read, also those of
running servers; of a server, rows are only selected.

Rows are matched by their UUIDs. All columns are compared, also the agent's own keys
"ovndb-servers:..." of external_ids, but for columns that a server does not store. While
a server is one of the copies, rows that differ are read again: a row counts only if it
stays different, and the one copy does not become what the other one was before.

With --all, the databases of this node are compared with those of the node that leads: on
a backup those of its servers, on the node that leads its files with its servers. Backups
listen for no other node: call it on each. Nodes that are not compared are shown with the
reason. Servers with TLS are asked with the files of the resource's parameters.

Exit codes: 0 the copies are the same, 1 they differ, 3 a copy could not be read, or none
with --all, 105 there is no such file; the others are those of all commands.`

func newVerifyCommand(p program) *cobra.Command {
	var o verifyOptions
	cmd := &cobra.Command{
		Use:   "verify A B | --all",
		Short: "Find out whether two copies of a database are the same",
		Long:  verifyHelp,
		Example: "  ovndb-servers verify tcp:192.0.2.1:6641 unix:/run/ovn/ovnnb_db.sock\n" +
			"  ovndb-servers verify /var/lib/ovn/ovnnb_db.db backup.db -o json | jq .tables\n" +
			"  ovndb-servers verify --all",
		Args: o.checkArguments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.all {
				return verifyAll(cmd, o, newScreen(p.stdout, p.getenv), newProgressBar(p.stderr))
			}
			return verifyCopies(cmd, o, args[0], args[1], newProgressBar(p.stderr))
		},
	}
	o.output.add(cmd, outputTable, outputJSON, outputYAML)
	flags := cmd.Flags()
	flags.StringVar(&o.database, "database", "", "name of the database, where both have several")
	addDuration(flags, &o.settle, "settle", settleTime, "for how long in all to read rows that differ again")
	flags.IntVar(&o.limit, "limit", maxRows, "how many of the rows that differ to list")
	addKeyFlags(cmd, &o.keys)
	flags.BoolVar(&o.all, "all", false, "compare the databases of this node with those of the node that leads")
	o.addFlags(cmd, verifyTimeout)
	completeWith(cmd, "database", cobra.FixedCompletions(databaseNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// checkArguments refuses a call that mixes two copies with the databases of a resource.
func (o *verifyOptions) checkArguments(cmd *cobra.Command, args []string) error {
	switch {
	case o.limit < 0:
		return usage("--limit cannot be negative")
	case o.all && len(args) > 0:
		return usage("--all compares the databases of this node, and takes no other copies")
	case o.all && o.database != "":
		return usage("--database is for two copies that are named, and not for --all")
	case o.all && o.keys.Given():
		return usage("--private-key, --certificate and --ca-cert are for servers that are named, and not for --all")
	case o.all:
		return nil
	case len(args) != 2:
		return usage("name two copies, each a file or the address of a server: ovndb-servers verify A B; or: ovndb-servers verify --all")
	}
	return onlyWithout(cmd, "--all")
}

func verifyCopies(cmd *cobra.Command, o verifyOptions, textA, textB string, bar *progressBar) error {
	a, err := parseAddress(textA, o.keys)
	if err != nil {
		return err
	}
	b, err := parseAddress(textB, o.keys)
	if err != nil {
		return err
	}
	debug.SetMemoryLimit(memoryLimit)
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	result, err := verify.Compare(ctx, a, b, verify.Options{Database: o.database, Settle: o.settle, Keep: o.limit, Progress: bar.show})
	bar.clear()
	if err != nil {
		return fmt.Errorf("cannot compare %s with %s: %w", a, b, err)
	}
	return writeVerified(cmd.OutOrStdout(), result, o)
}

func writeVerified(out io.Writer, result verify.Result, o verifyOptions) error {
	var err error
	if o.output.format != outputTable {
		err = writeDocument(out, result, o.output.format)
	} else {
		err = writeVerifiedText(out, result)
	}
	if err != nil {
		return fmt.Errorf("cannot write the comparison: %w", err)
	}
	if !result.Same {
		return &exitError{code: exitDegraded}
	}
	return nil
}
