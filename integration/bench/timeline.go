package main

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// lineLength is where lines of logs are cut off.
const lineLength = 400

// timeline is the text that shows where the time of each failover went.
type timeline struct{ text strings.Builder }

// failover is a fault and the interruptions that it caused.
type failover struct {
	name   string
	agent  agentName
	round  int
	active string
	// at is when the fault was begun.
	at time.Time
	// worst is the longest interruption, further are the others.
	worst   ovsdb.Gap
	further []ovsdb.Gap
}

// gaps returns all interruptions, the longest first.
func (m failover) gaps() []ovsdb.Gap { return append([]ovsdb.Gap{m.worst}, m.further...) }

// event is a line of a timeline.
type event struct {
	at         time.Time
	node, text string
}

// notable returns the pattern of the lines of Pacemaker's and Corosync's logs that belong
// in a timeline.
func notable() *regexp.Regexp {
	return regexp.MustCompile(strings.Join([]string{
		`action:\w+ call_id`, `exited with status`, `Requesting local execution`,
		`is now (lost|member)`, `Cluster node \S+ (is|will)`, `State transition`, `Transition \d+ `, `Calculated transition`, `aborted by`,
		`quorum`, `We are`, `Setting (master|ovndb)-`, `Setting fail-count`, `error output`, `Adding inet`, `Failing|lost`,
		`TOTEM`, `KNET.*link`, `Members\[`, `[Ff]encing`, `stonith`,
	}, "|"))
}

// write writes the failovers to a file.
func (t *timeline) write(path string) error {
	if err := os.WriteFile(path, []byte(t.text.String()), 0o600); err != nil {
		return fmt.Errorf("cannot write the timelines: %w", err)
	}
	return nil
}

// addTimeline adds the nodes' log lines around a failover, if timelines are wanted.
func (b *bench) addTimeline(ctx context.Context, mark logMark, m failover) {
	if b.options.timeline == "" {
		return
	}
	events := []event{{m.at, "bench", m.name + " on " + m.active + " begins"}}
	for _, gap := range m.gaps() {
		events = append(events,
			event{gap.Before.At, "client", "last row acknowledged before: " + gap.Before.Name},
			event{gap.After.At, "client", "first row acknowledged after: " + gap.After.Name})
	}
	for _, node := range b.cluster.NodeNames() {
		for _, path := range []string{pacemakerLog, corosyncLog} {
			found, err := b.eventsSince(ctx, mark, node, path, m.at)
			if err != nil {
				found = []event{{m.at, node, err.Error()}}
			}
			events = append(events, found...)
		}
	}
	end := m.worst.After.At.Add(2 * time.Second)
	for _, gap := range m.further {
		end = latest(end, gap.After.At)
	}
	events = slices.DeleteFunc(events, func(e event) bool { return e.at.Before(m.at.Add(-time.Second)) || e.at.After(end) })
	b.timeline.add(m, events)
}

// latest returns the later of two times.
func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// add adds a failover with its events, each with the seconds since the fault.
func (t *timeline) add(m failover, events []event) {
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	fmt.Fprintf(&t.text, "== %s, %s, round %d: no writes for %.3f s; seconds since %s UTC\n",
		m.agent, m.name, m.round, m.worst.Duration().Seconds(), m.at.UTC().Format("15:04:05.000"))
	for _, e := range events {
		fmt.Fprintf(&t.text, "%8.3f  %-6s  %s\n", e.at.Sub(m.at).Seconds(), e.node, e.text)
	}
	t.text.WriteString("\n")
}

// eventsSince returns the notable lines that a node has added to a log since the mark.
func (b *bench) eventsSince(ctx context.Context, mark logMark, node, path string, near time.Time) ([]event, error) {
	log, err := b.logSince(ctx, mark, node, path)
	return eventsIn(log, node, near), err
}

// eventsIn returns the notable lines of a log of Pacemaker or Corosync. Their
// lines begin with a time as "Nov 22 21:16:26.606", in UTC on the nodes, and without a
// year; that one is near's.
func eventsIn(log, node string, near time.Time) []event {
	pattern := notable()
	var events []event
	for line := range strings.Lines(log) {
		if !pattern.MatchString(line) || repeated(line, node) {
			continue
		}
		const layout = "Jan _2 15:04:05.000"
		if len(line) < len(layout) {
			continue
		}
		at, err := time.Parse(layout, line[:len(layout)])
		if err != nil {
			continue
		}
		at = at.AddDate(near.UTC().Year(), 0, 0)
		events = append(events, event{at, node, shorten(line[len(layout):], node)})
	}
	return events
}

// repeated reports whether a line of a node's log only repeats another one: every node
// logs every change of an attribute and of the configuration.
func repeated(line, node string) bool {
	attribute := regexp.MustCompile(`Setting \S+\[(\S+)\]`).FindStringSubmatch(line)
	return attribute != nil && attribute[1] != node ||
		strings.Contains(line, "pacemaker-based") || strings.Contains(line, "process_graph_event") || strings.Contains(line, "log_executor_event")
}

// shorten takes the parts that all lines of a log share out of one, and cuts it off at
// [lineLength].
func shorten(line, node string) string {
	line = strings.Join(strings.Fields(line), " ")
	line = strings.TrimPrefix(line, node+" ")
	line = regexp.MustCompile(`^\[\d+\] \S+ |\[\d+\] | \| (graph|transition_key=).*`).ReplaceAllString(line, "")
	if len(line) > lineLength {
		line = line[:lineLength]
	}
	return line
}
