package cluster

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// SignalMatching sends a signal to all processes of a node whose command line matches an
// extended regular expression, which has to begin with ^, and returns how many there were.
func (c *Cluster) SignalMatching(ctx context.Context, node, pattern string, signal syscall.Signal) (int, error) {
	result, err := c.Exec(ctx, node, "pkill", "--signal", strconv.Itoa(int(signal)), "--echo", "--full", pattern)
	if err != nil {
		return 0, err
	}
	if result.Code > 1 { // 1: no process matches.
		return 0, fmt.Errorf("cannot signal %s on %s: %s", pattern, node, result)
	}
	return strings.Count(result.Stdout, "\n"), nil
}

// SignalNext is [Cluster.SignalMatching] of processes that come and go: it waits for the
// next ones, for at most that long. It reports whether there were any.
func (c *Cluster) SignalNext(ctx context.Context, node, pattern string, signal syscall.Signal, within time.Duration) (bool, error) {
	// The shell's own command line has the pattern in it, but does not begin with it.
	const script = `end=$(($(date +%s) + $0)); while [ "$(date +%s)" -lt "$end" ]; do pkill --signal "$1" --full "$2" && exit 0; sleep 0.1; done; exit 1`
	result, err := c.Exec(ctx, node, "sh", "-c", script, strconv.Itoa(int(within.Seconds())), strconv.Itoa(int(signal)), pattern)
	if err != nil {
		return false, err
	}
	if result.Code > 1 {
		return false, fmt.Errorf("cannot signal %s on %s: %s", pattern, node, result)
	}
	return result.Code == 0, nil
}

// State returns the state of a node as docker names it: "running", "paused", "exited".
func (c *Cluster) State(ctx context.Context, node string) (string, error) {
	target, err := c.Node(node)
	if err != nil {
		return "", err
	}
	state, err := docker(ctx, "inspect", "--format", "{{.State.Status}}", target.Container)
	if err != nil {
		return "", fmt.Errorf("cannot inspect %s: %w", node, err)
	}
	return state, nil
}
