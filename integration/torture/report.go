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
)

// publish prints the report and writes the files. It returns errFailed or errSuspicious if
// the run was one of these.
func (r *run) publish(ctx context.Context, out io.Writer, p plan) error {
	away, database := r.away(r.healed)
	ever, _ := r.away(r.began)
	suspicious := away > r.options.suspicious
	var outcome error
	switch {
	case len(r.problems) > 0:
		outcome = errFailed
	case suspicious:
		outcome = errSuspicious
	}
	if outcome != nil || ever > r.options.suspicious {
		r.collect(ctx) // also what was as it may be is looked into, if it took long
	}
	report := r.report()
	if suspicious {
		report += fmt.Sprintf("SUSPICIOUS: %s took no writes for %.1f s after the last fault was healed\n", database, away.Seconds())
	}
	if outcome != nil {
		report += fmt.Sprintf("logs, databases and snapshots of all nodes: %s\nrepeat: %s\n", r.options.out, r.options.repeat())
	}
	_, _ = fmt.Fprint(out, "\n", report)
	err := errors.Join(
		writeFile(r.path("plan.txt"), p.String()),
		writeFile(r.path("timeline.txt"), r.timeline()),
		writeFile(r.path("picture.svg"), r.chart().SVG()),
		writeFile(r.path("report.txt"), report),
	)
	return errors.Join(outcome, err)
}

// writeFile writes a result.
func writeFile(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("cannot write a result: %w", err)
	}
	return nil
}

// outcome is the run in a line.
func (r *run) outcome() string {
	away, _ := r.away(r.healed)
	text := fmt.Sprintf("%d steps; no writes for at most %.1f s after the last fault was healed", len(r.steps), away.Seconds())
	if len(r.problems) > 0 {
		text += fmt.Sprintf("; FAILED: %d problems", len(r.problems))
	}
	return text
}

// report is what a person reads first.
func (r *run) report() string {
	var text strings.Builder
	fmt.Fprintf(&text, "== torture: seed %d, %s, fencing %s, %.0f s\n",
		r.options.seed, r.options.suite, yesNo(r.options.fencing), r.ended.Sub(r.began).Seconds())
	text.WriteString(r.stepTable())
	for _, one := range r.accounts {
		fmt.Fprintf(&text, "%s\n", one)
	}
	if !r.settled.IsZero() {
		fmt.Fprintf(&text, "settled %.1f s after the last fault was healed\n", r.settled.Sub(r.healed).Seconds())
	}
	fmt.Fprintf(&text, "%s\ntimeline: %s\npicture: %s\n", r.outcome(), r.path("timeline.txt"), r.path("picture.svg"))
	for _, problem := range r.problems {
		fmt.Fprintf(&text, "FAILED: %s\n", problem)
	}
	return text.String()
}

// stepTable lists the steps with the longest time without writes in each.
func (r *run) stepTable() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%4s %7s %7s %7s  %s\n", "step", "at", "NB away", "SB away", "faults")
	for i, one := range r.steps {
		until := r.stopped
		if i+1 < len(r.steps) {
			until = r.steps[i+1].at
		}
		fmt.Fprintf(&text, "%4d %5.0f s", one.step.Number, one.at.Sub(r.began).Seconds())
		for _, writer := range r.writers {
			most := longest(outages(writer.Acks(), interval{one.at, until}, 0))
			fmt.Fprintf(&text, " %5.1f s", most.length().Seconds())
		}
		fmt.Fprintf(&text, "  %s\n", r.caused(one.step.Number))
	}
	return text.String()
}

// caused names the faults of a step, with the nodes and what could not be caused.
func (r *run) caused(number int) string {
	var texts []string
	for _, one := range r.journal.occurrences {
		if one.Step != number {
			continue
		}
		text := one.Fault.String()
		if one.Node != "" {
			text += " (" + one.Node + ")"
		}
		if one.Err != nil {
			text += " [" + oneLine(one.Err.Error()) + "]"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}

// timeline lists all events and the times without writes, with the seconds since the
// beginning.
func (r *run) timeline() string {
	events := slices.Clone(r.journal.events)
	for _, writer := range r.writers {
		for _, gap := range outages(writer.Acks(), interval{r.began, r.stopped}, visibleOutage) {
			name := short(writer.Database())
			events = append(events,
				event{gap.From, name, "last row before a time without writes"},
				event{gap.To, name, fmt.Sprintf("writes go on after %.1f s", gap.length().Seconds())})
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.At.Compare(b.At) })
	var text strings.Builder
	fmt.Fprintf(&text, "seconds since %s\n", r.began.UTC().Format("2006-01-02 15:04:05.000 UTC"))
	for _, one := range events {
		fmt.Fprintf(&text, "%8.1f  %-7s  %s\n", one.At.Sub(r.began).Seconds(), one.Who, one.Text)
	}
	return text.String()
}

// clock prints a time of day with milliseconds, in UTC as the nodes' logs have it.
func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }
