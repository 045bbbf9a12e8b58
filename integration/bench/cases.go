package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"ovndb-servers/integration/cluster"
)

// benchCase is something that agents go through.
type benchCase struct {
	name string
	// measures are the lines of the table that the case fills.
	measures []*measure
	// once says that one round is enough.
	once bool
	// rows are in the northbound database before each round, southRows in the southbound one.
	rows, southRows int
	// agents are those that go through it; all if there are none.
	agents []agentName
	// timeout of a round; [caseTimeout] if it is 0.
	timeout time.Duration
	run     func(b *bench, ctx context.Context, round int) error
}

// has reports whether an agent goes through the case.
func (c benchCase) has(agent agentName) bool {
	return len(c.agents) == 0 || slices.Contains(c.agents, agent)
}

// underPacemaker are the agents that know what a start, a monitor and a virtual IP are.
func underPacemaker() []agentName { return []agentName{shellAgent, ourAgent} }

// allCases returns all cases, in the order of the table: those of failovers and starts once for
// each number of rows.
func allCases(counts []int, profile cluster.Profile) []benchCase {
	var all []benchCase
	for _, rows := range counts {
		all = append(all, sizedCases(rows, profile)...)
	}
	return append(all, otherCases()...)
}

// sizedCases returns the cases that are run with so many rows in the northbound database.
func sizedCases(rows int, profile cluster.Profile) []benchCase {
	killed := &goal{Times: bySize(rows, 20.0, 10, 10), Below: bySize(rows, 0.2, 1, 2)}
	moved := &goal{Times: 4, Below: bySize(rows, 0.0, 1, 2)}
	var frozen *goal
	if profile == cluster.FastProfile {
		frozen = frozen.against(1.5)
	}
	sized := []benchCase{
		{name: "kill-nb", run: (*bench).killNorthbound, measures: []*measure{
			{Name: "kill-nb", Title: "SIGKILL of the active NB server: no writes for", Unit: "s", Goal: killed.against(1)},
			{Name: "kill-nb-total", Title: "no writes in the minute after it, in all", Unit: "s", Goal: &goal{Times: bySize(rows, 20.0, 4, 2)}},
		}},
		{name: "standby", run: (*bench).standby, measures: []*measure{
			{Name: "standby", Title: "standby of the active node: no writes for", Unit: "s", Goal: moved.against(1)},
			{Name: "standby-promote", Title: "promote action in it", Unit: "ms"},
		}},
		{name: "freeze", run: (*bench).freeze, measures: []*measure{
			{Name: "freeze", Title: "freeze of the active's node: no writes for", Unit: "s", Goal: frozen},
			{Name: reactionName("freeze"), Title: "of it, since Pacemaker acted on the loss", Unit: "s", Goal: &goal{Below: bySize(rows, 0.4, 0.5, 0.8)}},
		}},
		{name: "start", run: (*bench).start, agents: underPacemaker(), measures: []*measure{
			{Name: "start", Title: "start action", Unit: "ms", Goal: &goal{Times: 2}},
			{Name: "start-promote", Title: "promote action after it", Unit: "ms"},
		}},
	}
	for i := range sized {
		sized[i].name, sized[i].rows = withRows(sized[i].name, rows), rows
		if rows > 0 {
			sized[i].timeout = loadTimeout
		}
		for _, one := range sized[i].measures {
			if one.Name = withRows(one.Name, rows); rows > 0 {
				one.Title = fmt.Sprintf("%d rows: %s", rows, one.Title)
			}
		}
	}
	return sized
}

// otherCases returns the cases that are run without rows, or load their own.
func otherCases() []benchCase {
	beat := (*goal)(nil).against(1)
	return []benchCase{
		{name: "kill-both", run: (*bench).killBoth, agents: underPacemaker(), measures: []*measure{
			{Name: "kill-both", Title: "SIGKILL of both active servers: no writes for", Unit: "s", Goal: &goal{Times: 20, Below: 0.2}},
		}},
		{name: "standby-vip-first", run: (*bench).standbyVIPFirst, agents: underPacemaker(), measures: []*measure{
			{Name: "standby-vip-first", Title: "standby, virtual IP before promotion", Unit: "s"},
		}},
		{name: "power-4s", run: (*bench).powerForAMoment, agents: underPacemaker(), measures: []*measure{
			{Name: "power-4s", Title: "power of the active's node gone for 4 s: no writes for", Unit: "s"},
		}},
		{name: "monitor", run: (*bench).monitor, agents: underPacemaker(), measures: []*measure{
			{Name: "monitor-cpu-promoted", Title: "monitor of the promoted: CPU", Unit: "ms", Goal: &goal{Times: 10}},
			{Name: "monitor-cpu-unpromoted", Title: "monitor of an unpromoted: CPU", Unit: "ms", Goal: &goal{Times: 10}},
			{Name: "monitor-wall-promoted", Title: "monitor of the promoted: wall", Unit: "ms"},
			{Name: "monitor-wall-unpromoted", Title: "monitor of an unpromoted: wall", Unit: "ms"},
		}},
		{name: "rest", run: (*bench).rest, once: true, measures: []*measure{
			{Name: "rest-promoted", Title: "promoted node at rest: CPU in a minute", Unit: "ms", Goal: beat},
			{Name: "rest-unpromoted", Title: "unpromoted node at rest: CPU in a minute", Unit: "ms", Goal: beat},
			{Name: "rest-promoted-memory", Title: "promoted node at rest: memory", Unit: "MiB"},
			{Name: "rest-unpromoted-memory", Title: "unpromoted node at rest: memory", Unit: "MiB"},
		}},
		{name: "rate", run: (*bench).rate, measures: rateMeasures()},
		{name: "clients", run: (*bench).clients, southRows: watchedRows, measures: []*measure{
			{Name: "clients", Title: fmt.Sprintf("standby under %d clients that monitor SB: all served again", watchingClients), Unit: "s"},
		}},
		{name: "clients-relays", run: (*bench).clientsOfRelays, southRows: watchedRows, measures: []*measure{
			{Name: "clients-relays", Title: "the same with relays on the nodes", Unit: "s"},
		}},
		{name: "busy", run: (*bench).busy, agents: underPacemaker(), once: true, measures: []*measure{
			{Name: "busy", Title: "failovers while NB works for 35 s on one transaction", Goal: &goal{Zero: true}},
			{Name: "busy-outage", Title: "no writes for, in that", Unit: "s"},
		}},
		{name: "size", run: (*bench).sizes, once: true, agents: []agentName{ourAgent}, timeout: 2 * loadTimeout},
	}
}
