package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ovndb-servers/integration/cluster"
)

// restTime is how long nodes are watched that have nothing to do: for several monitors.
const restTime = time.Minute

// rest is the case rest: the processor time that whole nodes take while nothing happens,
// with all their processes: a monitor by hand does not show the work of others.
func (b *bench) rest(ctx context.Context, _ int) error {
	view, err := b.cluster.View(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	before, err := b.processorTimes(ctx)
	if err != nil {
		return err
	}
	if err := pause(ctx, restTime); err != nil {
		return err
	}
	after, err := b.processorTimes(ctx)
	if err != nil {
		return err
	}
	share := float64(restTime) / float64(time.Since(began))
	for node, used := range after {
		name := "rest-unpromoted"
		if view.RoleOf(node) == cluster.Promoted {
			name = "rest-promoted"
		}
		value := float64((used - before[node]).Milliseconds()) * share
		b.report.find(name).of(b.agent).add(value)
		b.progress.Printf("   %s: %s used %.0f ms of CPU", name, node, value)
	}
	return nil
}

// processorTimes returns the processor time that each node's processes have used in all.
func (b *bench) processorTimes(ctx context.Context) (map[string]time.Duration, error) {
	times := map[string]time.Duration{}
	for _, node := range b.cluster.NodeNames() {
		// Version 2 of control groups has the one file, version 1 the other.
		text, err := b.cluster.MustExec(ctx, node, "sh", "-c", "cat /sys/fs/cgroup/cpu.stat 2>/dev/null || cat /sys/fs/cgroup/cpuacct/cpuacct.usage")
		if err != nil {
			return nil, err
		}
		if times[node], err = processorTime(text); err != nil {
			return nil, err
		}
	}
	return times, nil
}

// processorTime reads cpu.stat of a control group of version 2, in microseconds, or
// cpuacct.usage of one of version 1, in nanoseconds.
func processorTime(text string) (time.Duration, error) {
	fields, unit := strings.Fields(text), time.Nanosecond
	if len(fields) > 1 && fields[0] == "usage_usec" {
		fields, unit = fields[1:], time.Microsecond
	}
	if len(fields) == 0 {
		return 0, fmt.Errorf("cannot read the processor time from %q", text)
	}
	count, err := strconv.ParseInt(fields[0], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("cannot read the processor time: %w", err)
	}
	return time.Duration(count) * unit, nil
}
