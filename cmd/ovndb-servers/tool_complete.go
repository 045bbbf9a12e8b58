package main

import (
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/pacemaker"
)

// completeTimeout bounds what a person who has pressed the tabulator waits for.
const completeTimeout = 2 * time.Second

// completions is how the command-line library asks for the possible values of an option.
type completions = func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective)

// completeResources offers the resources that the cluster runs or this node has state of.
func completeResources(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTimeout)
	defer cancel()
	view, _ := pacemaker.CurrentView(ctx, ocf.AgentName) // without it, those of this node are left
	names := slices.Concat(view.Resources(), control.InstancesIn(control.RunBase))
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}

// completeSnapshots offers the snapshots of this node.
func (p *place) completeSnapshots(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTimeout)
	defer cancel()
	t, err := p.target(ctx, discardLogger())
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	all, _ := t.controller.SnapshotDirectory().List() // those that can be listed
	var names []string
	for _, info := range all {
		names = append(names, info.Name)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// completeThisNode offers the name of this node.
func completeThisNode(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTimeout)
	defer cancel()
	return []string{askNode(ctx)}, cobra.ShellCompDirectiveNoFileComp
}

// completeTables offers the tables of a file, or of this node's databases.
func (o *historyOptions) completeTables(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	files := []historyFile{{path: strings.Join(args, "")}}
	if len(args) == 0 {
		o.timeout = completeTimeout
		files, _ = o.files(cmd.Context()) // without them there are no tables
	}
	var names []string
	for _, f := range files {
		names = append(names, tablesOf(cmd.Context(), f.path)...)
	}
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}

// tablesOf returns the tables of a database file; none if it cannot be read.
func tablesOf(ctx context.Context, path string) []string {
	h, err := ovsdbfile.OpenHistory(path, ovsdbfile.HistoryOptions{})
	if err != nil {
		return nil
	}
	defer h.Close()    //nolint:errcheck // only read
	_, _ = h.Next(ctx) // the first record, which has the schema
	return h.Tables()
}

// completeCommands offers the commands below those that are named.
func completeCommands(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	named, rest, err := cmd.Root().Find(args)
	if err != nil || len(rest) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, c := range named.Commands() {
		if c.IsAvailableCommand() {
			names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// takesFiles names the commands whose arguments are files.
func takesFiles() []string { return []string{"history", "verify", "events", "report"} }

// completeArguments has no file offered where none is taken: by arguments and options of a closed set,
// and by those that take a text or a number. Directories are offered alone.
func completeArguments(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && len(cmd.ValidArgs) == 0 && !cmd.HasSubCommands() && !slices.Contains(takesFiles(), cmd.Name()) {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	for _, name := range []string{"dbdir", "statedir", "rundir", "staterundir", "logdir"} {
		_ = cmd.MarkFlagDirname(name) // the only error is an unknown option
	}
	for _, name := range []string{"timeout", "settle", "since", "row", "limit", "reason", "nb", "sb", "ic-nb", "ic-sb"} {
		if cmd.Flags().Lookup(name) != nil {
			completeWith(cmd, name, cobra.NoFileCompletions)
		}
	}
	for _, sub := range cmd.Commands() {
		completeArguments(sub)
	}
}

// completionWriter writes names for a shell, each parted from its description by a tabulator. All else
// that could act on a terminal is made readable.
type completionWriter struct{ readable, raw io.Writer }

// Write implements [io.Writer].
func (w completionWriter) Write(text []byte) (int, error) {
	for i, part := range bytes.Split(text, []byte("\t")) {
		if i > 0 {
			if _, err := io.WriteString(w.raw, "\t"); err != nil {
				return 0, err
			}
		}
		if _, err := w.readable.Write(part); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}

// completeWith has the values of an option completed.
func completeWith(cmd *cobra.Command, option string, values completions) {
	_ = cmd.RegisterFlagCompletionFunc(option, values) // the only error is an unknown option
}
