package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec" //nolint:depguard // The harness enters containers; pkg/process is for daemons.
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// entrances remembers how the nodes' namespaces are entered.
type entrances struct {
	mu sync.Mutex
	// nodes are the first processes of the nodes, by the node's name.
	nodes map[string]firstProcess
	// frozen are those of frozen nodes, in which nothing can run.
	frozen map[string]firstProcess
}

func newEntrances() entrances {
	return entrances{nodes: map[string]firstProcess{}, frozen: map[string]firstProcess{}}
}

// firstProcess is the first process of a container, as this machine numbers it.
type firstProcess struct {
	pid int
	// started is its start, in clock ticks since the boot: numbers are used again.
	started string
	// environ is its environment, which docker gives to other programs in the container as well.
	environ []string
}

// runtimeName begins the name of a container's first process until that executes the container's own
// program: it has the environment of the runtime, and docker says already that it runs.
const runtimeName = "runc"

// errFrozen is returned where a program would only run once the node goes on.
var errFrozen = errors.New("the node is frozen")

// enter returns the command that runs a program in a node. docker exec does the same and costs
// twenty times as much: 0.4 s of processor time were seen for /bin/true, on a machine whose two
// processors the clusters have to share. The program has all capabilities, and does not belong to
// the node's control groups: a daemon is for [Cluster.Spawn].
func (c *Cluster) enter(ctx context.Context, node string, args ...string) (*exec.Cmd, error) {
	first, err := c.firstProcess(ctx, node)
	if err != nil {
		return nil, err
	}
	enter := []string{"--target", strconv.Itoa(first.pid), "--mount", "--pid", "--net", "--uts", "--ipc", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(enter, args...)...)
	cmd.Env = first.environ
	// nsenter waits for the program as its child: both end together.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	return cmd, nil
}

// run runs a program in a node to its end, with an input or none. The error is nil whenever it
// ended by itself, whatever its exit code.
func (c *Cluster) run(ctx context.Context, node string, stdin io.Reader, args ...string) (Result, error) {
	cmd, err := c.enter(ctx, node, args...)
	if err != nil {
		return Result{}, err
	}
	result, err := finish(ctx, cmd, stdin, args[0])
	if strings.HasPrefix(result.Stderr, "nsenter: ") {
		return result, fmt.Errorf("cannot run %s: %s", args[0], strings.TrimSpace(result.Stderr))
	}
	return result, err
}

// firstProcess returns the first process of a node that runs and is not frozen.
func (c *Cluster) firstProcess(ctx context.Context, node string) (firstProcess, error) {
	c.entrances.mu.Lock()
	first, frozen := c.entrances.nodes[node], c.entrances.frozen[node]
	c.entrances.mu.Unlock()
	if first.started == "" || startOf(first.pid) != first.started {
		var err error
		if first, err = c.inspectFirst(ctx, node); err != nil {
			return firstProcess{}, err
		}
		c.entrances.mu.Lock()
		c.entrances.nodes[node] = first
		c.entrances.mu.Unlock()
	}
	if frozen.started == first.started {
		return firstProcess{}, errFrozen
	}
	return first, nil
}

// inspectFirst asks docker for the first process of a node.
func (c *Cluster) inspectFirst(ctx context.Context, node string) (firstProcess, error) {
	target, err := c.Node(node)
	if err != nil {
		return firstProcess{}, err
	}
	text, err := docker(ctx, "inspect", "--format", "{{.State.Status}} {{.State.Pid}}", target.Container)
	if err != nil {
		return firstProcess{}, err
	}
	state, number, _ := strings.Cut(text, " ")
	pid, err := strconv.Atoi(number)
	if state != "running" || err != nil {
		return firstProcess{}, fmt.Errorf("the node is %s", state)
	}
	if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err != nil || strings.HasPrefix(string(name), runtimeName) {
		return firstProcess{}, errors.Join(errors.New("the node is about to boot"), err)
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	first := firstProcess{pid: pid, started: startOf(pid)}
	if err != nil || first.started == "" {
		return firstProcess{}, errors.Join(errors.New("the node has just ended"), err)
	}
	first.environ = slices.DeleteFunc(strings.Split(string(environ), "\x00"), func(e string) bool { return e == "" })
	return first, nil
}

// startOf returns when a process was started, empty if there is none: field 22 of proc_pid_stat(5),
// counted from behind the name, which may have blanks in it.
func startOf(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if err != nil || len(fields) < 20 {
		return ""
	}
	return fields[19]
}

// setFrozen takes note that a node was frozen, or goes on.
func (c *Cluster) setFrozen(node string, frozen bool) {
	c.entrances.mu.Lock()
	defer c.entrances.mu.Unlock()
	if frozen {
		c.entrances.frozen[node] = c.entrances.nodes[node]
	} else {
		delete(c.entrances.frozen, node)
	}
}
