package main

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	pacemakerLog = "/var/log/pacemaker/pacemaker.log"
	corosyncLog  = "/var/log/corosync/corosync.log"
)

// logMark is how long each log was at a moment: node, path, bytes.
type logMark map[string]map[string]int

// logEnds marks where the nodes' logs end. A log whose size cannot be read counts as new
// from its beginning.
func (b *bench) logEnds(ctx context.Context) logMark {
	mark := logMark{}
	for _, node := range b.cluster.NodeNames() {
		mark[node] = map[string]int{}
		for _, path := range []string{pacemakerLog, corosyncLog} {
			text, err := b.cluster.MustExec(ctx, node, "stat", "--format=%s", path)
			if err != nil {
				continue
			}
			if size, err := strconv.Atoi(text); err == nil {
				mark[node][path] = size
			}
		}
	}
	return mark
}

// logSince returns the text that a node has added to a log since the mark.
func (b *bench) logSince(ctx context.Context, mark logMark, node, path string) (string, error) {
	return b.cluster.MustExec(ctx, node, "tail", "--bytes=+"+strconv.Itoa(mark[node][path]+1), path)
}

// action is an action of the resource that a node's executor has finished.
type action struct {
	Name     string
	Code     int
	Duration time.Duration
}

// finished is the pattern of the executor's line at the end of an action: log_finished in
// Pacemaker's daemons/execd/execd_commands.c.
const finished = `ovndb_servers (\w+) \(call \d+, PID \d+\) exited with status (\d+) .*\(?execution time ([0-9.]+m?s)`

// actionsIn returns the finished actions in a node's log, in their order.
func actionsIn(log string) []action {
	var actions []action
	for _, match := range regexp.MustCompile(finished).FindAllStringSubmatch(log, -1) {
		code, codeErr := strconv.Atoi(match[2])
		duration, durationErr := time.ParseDuration(match[3])
		if codeErr == nil && durationErr == nil {
			actions = append(actions, action{match[1], code, duration})
		}
	}
	return actions
}

// actionsSince returns the actions of that name that all nodes have finished since the
// mark.
func (b *bench) actionsSince(ctx context.Context, mark logMark, name string) ([]action, error) {
	var found []action
	for _, node := range b.cluster.NodeNames() {
		log, err := b.logSince(ctx, mark, node, pacemakerLog)
		if err != nil {
			return nil, err
		}
		for _, done := range actionsIn(log) {
			if done.Name == name {
				found = append(found, done)
			}
		}
	}
	return found, nil
}

// addActions adds how long the successful actions of that name took to a measure.
func (b *bench) addActions(ctx context.Context, mark logMark, name, measure string) error {
	actions, err := b.actionsSince(ctx, mark, name)
	if err != nil {
		return err
	}
	var durations []string
	for _, done := range actions {
		if done.Code != 0 {
			b.note("%s: %s failed with code %d after %s", b.agent, name, done.Code, done.Duration)
			continue
		}
		b.find(measure).of(b.agent).add(float64(done.Duration.Milliseconds()))
		durations = append(durations, done.Duration.String())
	}
	if len(durations) == 0 {
		return fmt.Errorf("no successful %s in the logs", name)
	}
	b.progress.Printf("   %s took %s", name, strings.Join(durations, ", "))
	return nil
}

// start is the case start: it stops the resource on all nodes and starts it again.
func (b *bench) start(ctx context.Context, _ int) error {
	if err := b.cluster.StopResource(ctx); err != nil {
		return err
	}
	if err := b.cluster.AwaitIdle(ctx); err != nil {
		return err
	}
	mark := b.logEnds(ctx)
	if err := b.cluster.StartResource(ctx); err != nil {
		return err
	}
	if err := b.settle(ctx); err != nil {
		return err
	}
	if err := b.addActions(ctx, mark, "start", "start"); err != nil {
		return err
	}
	return b.addActions(ctx, mark, "promote", "start-promote")
}
