package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// restTime is how long nodes are watched that have nothing to do: for several monitors.
const restTime = time.Minute

// rest is the case rest: the processor time that whole nodes take while nothing happens,
// with all their processes: a monitor by hand does not show the work of others.
func (b *bench) rest(ctx context.Context, _ int) error {
	active, err := b.deployment.active(ctx, ovsdb.Northbound())
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
		if node == active {
			name = "rest-promoted"
		}
		value := float64((used - before[node]).Milliseconds()) * share
		b.report.find(name).of(b.agent).add(value)
		memory, err := b.memory(ctx, node)
		if err != nil {
			return err
		}
		b.report.find(name + "-memory").of(b.agent).add(memory)
		b.progress.Printf("   %s: %s used %.0f ms of CPU, and has %.1f MiB", name, node, value, memory)
	}
	return nil
}

// memory returns how much memory a node's processes have in all, without pages of files.
func (b *bench) memory(ctx context.Context, node string) (float64, error) {
	text, err := b.cluster.MustExec(ctx, node, "sh", "-c", "cat /sys/fs/cgroup/memory.stat 2>/dev/null || cat /sys/fs/cgroup/memory/memory.stat")
	if err != nil {
		return 0, err
	}
	return anonymousMemory(text)
}

// anonymousMemory reads memory.stat of a control group, in MiB: anon of version 2, total_rss of
// version 1.
func anonymousMemory(text string) (float64, error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 2 || fields[0] != "anon" && fields[0] != "total_rss" {
			continue
		}
		bytes, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			return 0, fmt.Errorf("cannot read the memory: %w", err)
		}
		return float64(bytes) / (1 << 20), nil
	}
	return 0, fmt.Errorf("cannot read the memory from %q", text)
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
