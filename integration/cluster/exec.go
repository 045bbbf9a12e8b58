package cluster

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Exec runs a program in a node. The error is nil whenever it ended by itself,
// whatever its exit code.
func (c *Cluster) Exec(ctx context.Context, node string, args ...string) (Result, error) {
	result, err := c.run(ctx, node, nil, args...)
	if err != nil {
		return result, fmt.Errorf("%s: %w", node, err)
	}
	return result, nil
}

// ExecEnv is [Cluster.Exec] with additions to the environment, of a program that may start daemons:
// it runs as docker runs one.
func (c *Cluster) ExecEnv(ctx context.Context, node string, env map[string]string, args ...string) (Result, error) {
	target, err := c.Node(node)
	if err != nil {
		return Result{}, err
	}
	command := []string{"exec"}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		command = append(command, "--env", name+"="+env[name])
	}
	command = append(append(command, target.Container), args...)
	result, err := execute(ctx, nil, "docker", command...)
	if err != nil {
		return result, fmt.Errorf("%s: %w", node, err)
	}
	if strings.HasPrefix(result.Stderr, "Error response from daemon:") {
		return result, fmt.Errorf("%s: %s", node, strings.TrimSpace(result.Stderr))
	}
	return result, nil
}

// MustExec is [Cluster.Exec] of a program that has to succeed. It returns its
// standard output, trimmed.
func (c *Cluster) MustExec(ctx context.Context, node string, args ...string) (string, error) {
	result, err := c.Exec(ctx, node, args...)
	if err != nil {
		return "", err
	}
	if result.Code != 0 {
		return "", fmt.Errorf("%s on %s: %s", strings.Join(args, " "), node, result)
	}
	return strings.TrimSpace(result.Stdout), nil
}

// Spawn starts a program in a node and does not wait for it: no error means that docker
// took the command, not that the program runs. [Cluster.Processes] finds it.
func (c *Cluster) Spawn(ctx context.Context, node string, args ...string) error {
	target, err := c.Node(node)
	if err != nil {
		return err
	}
	if _, err := docker(ctx, append([]string{"exec", "--detach", target.Container}, args...)...); err != nil {
		return fmt.Errorf("cannot start %s on %s: %w", strings.Join(args, " "), node, err)
	}
	return nil
}

// Control runs one of Pacemaker's tools, which has to succeed, on a node that is
// in the partition with quorum.
func (c *Cluster) Control(ctx context.Context, args ...string) (string, error) {
	view, err := c.View(ctx)
	if err != nil {
		return "", err
	}
	return c.MustExec(ctx, view.From, args...)
}

// Process is a process in a node.
type Process struct {
	PID, Parent int
	User        string
	// State begins with the letter that ps prints: Z is a zombie.
	State, Command string
}

// Processes lists the processes of a node.
func (c *Cluster) Processes(ctx context.Context, node string) ([]Process, error) {
	text, err := c.MustExec(ctx, node, "ps", "-eo", "pid=,ppid=,user=,stat=,args=", "-ww")
	if err != nil {
		return nil, err
	}
	var processes []Process
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 5 {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		if err != nil {
			return nil, fmt.Errorf("cannot read the process list of %s: %w", node, err)
		}
		parent, err := strconv.Atoi(fields[1])
		if err != nil {
			return nil, fmt.Errorf("cannot read the process list of %s: %w", node, err)
		}
		processes = append(processes, Process{pid, parent, fields[2], fields[3], strings.Join(fields[4:], " ")})
	}
	return processes, nil
}
