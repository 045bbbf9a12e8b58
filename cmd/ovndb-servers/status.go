package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/ovsdbctl"
)

type statusOptions struct {
	place

	output  outputFlag
	verbose bool
	watch   durationFlag
	remote  remoteOptions
}

const statusHelp = `Show every database of every node: its role, whether it is fresh, when it was last
written to, the sessions of its server and its node's promotion score; the cluster
record with its members; and each fault as a line "problem: ...". Of other nodes it is
shown what they have published, and of the promoted one what its server answers.

STATE is: fresh; "54 s behind" the active; behind; stale: without a session to the
active; old term: it cannot lead; parked: it follows no node; unreachable or read-only,
of a promoted node's server; no writes, barred or failed, by another node's word; or the
state of a node that is not online. KNOWN, with -o wide, is how the state is known.

With --nb, --sb, --ic-nb or --ic-sb, servers are asked that are named by address, from
any host and without Pacemaker, also those of another agent or of none. Which one is
active shows an empty transaction, for which nothing is written; a listener that is
read-only shows an active as a backup. Backups are compared with the active by this
agent's markers; without those STATE is unknown, and "verify" compares their rows.
A backup of this agent does not listen, which is no fault beside an active of it.

Exit codes: 0 healthy, 1 degraded, 2 critical: no node is active, or more than one, 3
unknown: the cluster cannot be asked; the others are those of all commands. A node on
which the resource is stopped is no fault while another one is active.`

const (
	// statusTimeout bounds the whole command: a person is waiting.
	statusTimeout = 15 * time.Second
	// watchInterval is between two repaints if none is given, minWatch the shortest one.
	watchInterval = 2 * time.Second
	minWatch      = 100 * time.Millisecond
	// clusterPart is the part of the time after the servers' answers that the cluster has: the files need less.
	clusterPart = 0.8
)

func newStatusCommand(p program) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show all nodes' databases, their roles and freshness, and what is wrong",
		Long:  statusHelp,
		Example: "  ovndb-servers status\n  ovndb-servers status -v -w 5\n" +
			"  ovndb-servers status --nb tcp:192.0.2.1:6641,tcp:192.0.2.2:6641 --sb unix:/run/ovn/ovnsb_db.sock\n" +
			"  ovndb-servers status -o json | jq '.copies[] | select(.state != \"fresh\")'",
		Args: o.watchArgument,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.checkRemote(cmd); err != nil {
				return err
			}
			screen := newScreen(p.stdout, p.getenv)
			if o.watch > 0 {
				return watchStatus(cmd.Context(), screen, o)
			}
			return showStatus(cmd.Context(), screen, o)
		},
	}
	o.output.add(cmd, outputTable, outputWide, outputJSON, outputYAML, outputPrometheus)
	o.addFlags(cmd, statusTimeout)
	o.remote.addFlags(cmd)
	flags := cmd.Flags()
	flags.BoolVarP(&o.verbose, "verbose", "v", false, "show sources, lost sessions, terms, files, processes, versions and the last election as well")
	flags.VarP(&o.watch, "watch", "w", "repaint each SECONDS, 2 if none are given, until interrupted")
	flags.Lookup("watch").NoOptDefVal = watchInterval.String()
	return cmd
}

// watchArgument takes the number after -w, which the command-line library takes for an argument.
func (o *statusOptions) watchArgument(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && cmd.Flags().Changed("watch") {
		if err := o.watch.Set(args[0]); err != nil {
			return usage("cannot repaint: %w", err)
		}
		args = nil
	}
	if cmd.Flags().Changed("watch") && time.Duration(o.watch) < minWatch {
		return usage("cannot repaint more often than each %s", minWatch)
	}
	return noArguments(cmd, args)
}

func showStatus(ctx context.Context, screen screen, o statusOptions) error {
	if o.remote.given() {
		return showRemote(ctx, screen, o)
	}
	report, err := gather(ctx, o)
	if err != nil {
		return err
	}
	if err := writeStatus(screen, report, o); err != nil {
		return fmt.Errorf("cannot write the status: %w", err)
	}
	if code := report.exitCode(); code != exitHealthy {
		return &exitError{code: code}
	}
	return nil
}

func writeStatus(screen screen, r report, o statusOptions) error {
	switch o.output.format {
	case outputJSON:
		return writeJSON(screen, r)
	case outputYAML:
		return writeYAML(screen, r)
	case outputPrometheus:
		return screen.paint(string(r.metrics.Text()))
	default:
		var b strings.Builder
		writeTable(&b, r, tableOptions{wide: o.output.format == outputWide, verbose: o.verbose, colour: screen.colour})
		return screen.paint(b.String())
	}
}

// watchStatus shows the status again and again until ctx ends, with the exit code of the last one.
func watchStatus(ctx context.Context, screen screen, o statusOptions) error {
	ticker := time.NewTicker(time.Duration(o.watch))
	defer ticker.Stop()
	var last error
	for {
		if err := screen.clear(); err != nil {
			return err
		}
		err := showStatus(ctx, screen, o)
		if ctx.Err() != nil && codeOf(err) == exitUnknown {
			return last // it was interrupted while it asked
		}
		if ctx.Err() != nil || codeOf(err) >= exitNoPermission {
			return err
		}
		last = err
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}

// gather observes this node and asks the cluster. A cluster that does not answer is a part of the
// result, not an error.
func gather(ctx context.Context, o statusOptions) (report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	t, err := o.target(ctx, discardLogger())
	if err != nil {
		return report{}, err
	}
	// The servers come first, then the cluster, which may not answer; the files need what time is left.
	observing, end := halfOf(ctx)
	defer end()
	observed := t.controller.Observe(observing, t.controller.LiveView())
	r := newReport(t.controller, observed)
	r.addSupervisor(t.controller)
	r.addElection(t.controller)
	var others otherNodes
	if t.noCluster == nil {
		asking, end := partOf(ctx, clusterPart)
		others = r.addCluster(asking, t)
		end()
	} else {
		r.Cluster.Error = message(t.noCluster)
	}
	// The sources are asked before the own files are read: data that holds what they had is fresh.
	others.askSources(ctx, t.controller, observed.Leader)
	r.addData(ctx, t.controller)
	r.compareWithRecord()
	r.addSessions(ctx, t.controller)
	r.addCopies(t.controller, observed, others)
	if o.output.format == outputPrometheus {
		r.addMetrics(ctx, t.controller, observed)
	}
	return r, nil
}

// databaseNames are the names of all databases that a resource can run.
func databaseNames() []string {
	var names []string
	for _, db := range ovsdbctl.KnownDatabases() {
		names = append(names, db.Name)
	}
	return names
}
