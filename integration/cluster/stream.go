package cluster

import (
	"context"
	"fmt"
	"io"
	"os/exec" //nolint:depguard // The harness drives docker; pkg/process is for daemons.
)

// Stream runs a program in a node, as docker runs one, until it ends or ctx does, which is no error, and
// writes its output as it comes. The end of ctx leaves the program in the node: [Cluster.Processes] finds it.
func (c *Cluster) Stream(ctx context.Context, node string, out io.Writer, args ...string) error {
	target, err := c.Node(node)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "docker", append([]string{"exec", target.Container}, args...)...)
	cmd.Stdout, cmd.WaitDelay = out, outputGrace
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%s has ended on %s: %w", args[0], node, err)
	}
	return nil
}
