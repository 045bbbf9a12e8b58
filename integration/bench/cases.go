package main

import (
	"context"
	"time"
)

// benchCase is something that both agents go through.
type benchCase struct {
	name string
	// measures are the lines of the table that the case fills.
	measures []*measure
	// once says that one round is enough.
	once bool
	// ours says that only our agent goes through it.
	ours bool
	// timeout of a round; [caseTimeout] if it is 0.
	timeout time.Duration
	run     func(b *bench, ctx context.Context, round int) error
}

// cases returns all cases, in the order of the table.
func cases() []benchCase {
	killed := &goal{Times: 20, Below: 0.5}
	return []benchCase{
		{name: "kill-nb", run: (*bench).killNorthbound, measures: []*measure{
			{Name: "kill-nb", Title: "SIGKILL of the active NB server: no writes for", Unit: "s", Goal: killed},
		}},
		{name: "kill-both", run: (*bench).killBoth, measures: []*measure{
			{Name: "kill-both", Title: "SIGKILL of both active servers: no writes for", Unit: "s", Goal: killed},
		}},
		{name: "standby", run: (*bench).standby, measures: []*measure{
			{Name: "standby", Title: "standby of the active node: no writes for", Unit: "s", Goal: &goal{Times: 3}},
			{Name: "standby-promote", Title: "promote action in it", Unit: "ms"},
		}},
		{name: "standby-vip-first", run: (*bench).standbyVIPFirst, measures: []*measure{
			{Name: "standby-vip-first", Title: "the same, virtual IP before promotion", Unit: "s"},
		}},
		{name: "freeze", run: (*bench).freeze, measures: []*measure{
			{Name: "freeze", Title: "freeze of the active's node: no writes for", Unit: "s", Goal: &goal{Times: 2}},
		}},
		{name: "power-4s", run: (*bench).powerForAMoment, measures: []*measure{
			{Name: "power-4s", Title: "power of the active's node gone for 4 s: no writes for", Unit: "s"},
		}},
		{name: "start", run: (*bench).start, measures: []*measure{
			{Name: "start", Title: "start action", Unit: "ms"},
			{Name: "start-promote", Title: "promote action after it", Unit: "ms"},
		}},
		{name: "monitor", run: (*bench).monitor, measures: []*measure{
			{Name: "monitor-cpu-promoted", Title: "monitor of the promoted: CPU", Unit: "ms", Goal: &goal{Times: 10}},
			{Name: "monitor-cpu-unpromoted", Title: "monitor of an unpromoted: CPU", Unit: "ms", Goal: &goal{Times: 10}},
			{Name: "monitor-wall-promoted", Title: "monitor of the promoted: wall", Unit: "ms"},
			{Name: "monitor-wall-unpromoted", Title: "monitor of an unpromoted: wall", Unit: "ms"},
		}},
		{name: "rest", run: (*bench).rest, once: true, measures: []*measure{
			{Name: "rest-promoted", Title: "promoted node at rest: CPU in a minute", Unit: "ms"},
			{Name: "rest-unpromoted", Title: "unpromoted node at rest: CPU in a minute", Unit: "ms"},
		}},
		{name: "busy", run: (*bench).busy, once: true, measures: []*measure{
			{Name: "busy", Title: "failovers while NB works for 35 s on one transaction", Goal: &goal{Zero: true}},
			{Name: "busy-outage", Title: "no writes for, in that", Unit: "s"},
		}},
		{name: "size", run: (*bench).sizes, once: true, ours: true, timeout: 2 * loadTimeout},
	}
}
