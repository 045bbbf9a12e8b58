package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"ovndb-servers/integration/cluster"
)

const (
	// monitorCalls are made in a row and averaged.
	monitorCalls = 20
	// Exit codes of a monitor that finds all well, and of one on the promoted node.
	exitSuccess, exitPromoted = 0, 8
)

// cost is the cost of one call of an action, in milliseconds.
type cost struct{ wall, cpu float64 }

// monitor is the case monitor: it calls the monitor by hand, many times, on the
// promoted node and on another one.
func (b *bench) monitor(ctx context.Context, _ int) error {
	view, err := b.cluster.View(ctx)
	if err != nil {
		return err
	}
	unpromoted := view.In(cluster.Unpromoted)
	if view.Promoted() == "" || len(unpromoted) == 0 {
		return fmt.Errorf("no promoted or no unpromoted instance: %s", view)
	}
	for _, one := range []struct {
		role cluster.Role
		node string
	}{{cluster.Promoted, view.Promoted()}, {cluster.Unpromoted, unpromoted[0]}} {
		cost, err := b.monitorCost(ctx, one.node, one.role)
		if err != nil {
			return err
		}
		suffix := "-" + strings.ToLower(string(one.role))
		b.report.find("monitor-cpu" + suffix).of(b.agent).add(cost.cpu)
		b.report.find("monitor-wall" + suffix).of(b.agent).add(cost.wall)
		b.progress.Printf("   %s: %.1f ms wall, %.1f ms CPU", one.role, cost.wall, cost.cpu)
	}
	return nil
}

// monitorScript runs the agent's action many times below the shell's own stopwatch,
// which counts the processor time of all that it has waited for. Its own share is that
// of starting the action once each time, as Pacemaker's executor does.
const monitorScript = `TIMEFORMAT="%R %U %S"; code=0
time for i in $(seq $CALLS); do "$0" "$@" >/dev/null 2>&1; rc=$?; [ $rc = $EXPECTED ] || code=$rc; done
exit $code`

// monitorCost calls the monitor on a node as Pacemaker does for that role.
func (b *bench) monitorCost(ctx context.Context, node string, role cluster.Role) (cost, error) {
	interval, expected := promotedInterval, exitPromoted
	if role == cluster.Unpromoted {
		interval, expected = unpromotedInterval, exitSuccess
	}
	env := map[string]string{
		"CALLS":                        strconv.Itoa(monitorCalls),
		"EXPECTED":                     strconv.Itoa(expected),
		"OCF_RESKEY_CRM_meta_interval": strconv.FormatInt(interval.Milliseconds(), 10),
		"OCF_RESKEY_CRM_meta_role":     string(role),
	}
	result, err := b.cluster.RunAgentUnder(ctx, node, "monitor", env, "bash", "-c", monitorScript)
	if err != nil {
		return cost{}, err
	}
	if result.Code != 0 {
		return cost{}, fmt.Errorf("a monitor on %s (%s) ended with code %d, not %d", node, role, result.Code, expected)
	}
	return parseCost(result.Stderr, monitorCalls)
}

// parseCost reads the last line of the stopwatch's output: seconds of wall, user and
// system time, of so many calls.
func parseCost(text string, calls int) (cost, error) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	fields := strings.Fields(lines[len(lines)-1])
	if len(fields) != 3 {
		return cost{}, fmt.Errorf("cannot read the times from %q", text)
	}
	var seconds [3]float64
	var failures []error
	for i, field := range fields {
		value, err := strconv.ParseFloat(field, 64)
		seconds[i] = value
		failures = append(failures, err)
	}
	if err := errors.Join(failures...); err != nil {
		return cost{}, fmt.Errorf("cannot read the times from %q: %w", text, err)
	}
	each := 1000 / float64(calls)
	return cost{wall: seconds[0] * each, cpu: (seconds[1] + seconds[2]) * each}, nil
}
