package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
)

type eventsOptions struct {
	output                          outputFlag
	since                           sinceFlag
	resource, directory, clusterLog string
}

// clusterLog is where Pacemaker logs.
const clusterLog = "/var/log/pacemaker/pacemaker.log"

const eventsHelp = `Show what the agent did, the newest last: elections, promotions, demotions, restarts in
place, failovers, snapshots, repairs, and what an operator did with this tool.

Without FILE, it is read from the logs of this node, with what they were rotated to: those
of the supervisors, and Pacemaker's, which has the actions of the agent. With FILEs, it is
read from them instead, and merged by time: archives of "report" from several nodes
(.tar.gz), copies of those logs, or of syslog. Times are UTC, by the clocks of the nodes;
in Pacemaker's log they have no zone, and are taken for this node's.

Of each log at most the last 256 MiB and the newest 20000 events are read.

Exit codes: 0 shown, 1 a log cannot be read to its end, 105 there is no log; the others are
those of all commands.`

func newEventsCommand(p program) *cobra.Command {
	var o eventsOptions
	cmd := &cobra.Command{
		Use:   "events [FILE ...]",
		Short: "Show what the agent did: elections, promotions, restarts, snapshots",
		Long:  eventsHelp,
		Example: "  ovndb-servers events --since 2h\n  ovndb-servers events node1.tar.gz node2.tar.gz node3.tar.gz\n" +
			"  ovndb-servers events -o json node1.log node2.log | jq 'select(.event == \"promote\")'",
		RunE: func(cmd *cobra.Command, args []string) error {
			return showEvents(cmd.Context(), newScreen(p.stdout, p.getenv), o, args)
		},
	}
	o.output.add(cmd, outputTable, outputJSON)
	flags := cmd.Flags()
	flags.Var(&o.since, "since", "only what was logged since a time (2026-03-04, '2026-03-04 05:06:07', UTC) or an age (2h)")
	flags.StringVar(&o.resource, "resource", "", "only the log of the supervisor of a resource (default: of all)")
	flags.StringVar(&o.directory, "logdir", control.LogBase, "directory of the supervisors' logs")
	flags.StringVar(&o.clusterLog, "clusterlog", clusterLog, "the log of Pacemaker")
	completeWith(cmd, "resource", completeResources)
	return cmd
}

// showEvents shows the events of the logs that can be read also if others cannot.
func showEvents(ctx context.Context, screen screen, o eventsOptions, files []string) error {
	if len(files) == 0 {
		var err error
		if files, err = o.logs(); err != nil {
			return err
		}
	}
	events, unread := mergeEvents(ctx, files, o.since.time)
	if unread != nil {
		unread = refused(unread)
	}
	if len(events) == 0 && unread != nil {
		return unread
	}
	return errors.Join(o.write(screen, events), unread)
}

// mergeEvents returns the events of several files by time, and the failures to read one.
func mergeEvents(ctx context.Context, files []string, since time.Time) ([]agentEvent, error) {
	var events []agentEvent
	var failures []error
	for _, file := range files {
		found, err := readEvents(ctx, file, since)
		events = append(events, found...)
		failures = append(failures, err)
	}
	slices.SortStableFunc(events, func(a, b agentEvent) int { return a.at.Compare(b.at) })
	return events, errors.Join(failures...)
}

// logs returns the logs of this node.
func (o eventsOptions) logs() ([]string, error) {
	entries, err := os.ReadDir(o.directory)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot list the logs: %w", err)
	}
	var found []string
	name := regexp.MustCompile(`^(.+)\.log(?:[.-]\d+)*(?:\.gz)?$`) // that of a resource may have ".log" in it
	for _, e := range entries {
		log := name.FindStringSubmatch(e.Name())
		if log != nil && (o.resource == "" || o.resource == log[1]) && e.Type().IsRegular() {
			found = append(found, filepath.Join(o.directory, e.Name()))
		}
	}
	found = append(found, rotations(o.clusterLog)...)
	if len(found) == 0 {
		return nil, noSuch("there is no log in %s, and no %s: name the files, such as those of syslog", o.directory, o.clusterLog)
	}
	return found, nil
}

func (o eventsOptions) write(screen screen, events []agentEvent) error {
	if o.output.format == outputJSON {
		text, err := eventLines(events)
		if err == nil {
			_, err = screen.Write(text)
		}
		return err
	}
	if len(events) == 0 {
		_, err := io.WriteString(screen.out, "no event of the agent\n")
		return err
	}
	var b strings.Builder
	t := newTable(&b)
	t.colour = screen.colour
	for _, e := range events {
		level := map[string]style{"WARNING": styleWarn, "ERROR": styleBad}[e.Level]
		t.add(cell{text: e.Time}, cell{text: cmp.Or(e.Node, "-")}, cell{text: cmp.Or(e.Database, "-")}, cell{text: e.Event, style: level}, cell{text: e.Detail})
	}
	t.end()
	_, err := io.WriteString(screen.out, b.String())
	return err
}
