package cluster

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"syscall"
)

// pacemakerPattern matches the command lines of pacemakerd and of the daemons that it starts.
const pacemakerPattern = "^(pacemakerd|/usr/sbin/pacemakerd|/usr/lib(exec)?/pacemaker/)"

// StopPacemaker shuts Pacemaker down on a node, as the stop of its systemd unit does: resources
// leave the node first. Corosync runs on.
func (c *Cluster) StopPacemaker(ctx context.Context, node string) error {
	if _, err := c.MustExec(ctx, node, "pacemakerd", "--shutdown"); err != nil {
		return fmt.Errorf("cannot shut Pacemaker down: %w", err)
	}
	return nil
}

// KillPacemaker kills pacemakerd and all its daemons on a node. Corosync and the resources run on.
func (c *Cluster) KillPacemaker(ctx context.Context, node string) error {
	count, err := c.SignalMatching(ctx, node, pacemakerPattern, syscall.SIGKILL)
	if err == nil && count == 0 {
		err = fmt.Errorf("no daemon of Pacemaker's to kill on %s", node)
	}
	return err
}

// StartPacemaker starts Pacemaker on a node unless pacemakerd runs there. It does not wait.
func (c *Cluster) StartPacemaker(ctx context.Context, node string) error {
	if runs, err := c.runs(ctx, node, "pacemakerd"); err != nil || runs {
		return err
	}
	return c.Spawn(ctx, node, "pacemakerd")
}

// StackRuns reports whether Corosync runs on a node, and whether all daemons of Pacemaker's do that need it: the
// CIB manager, the fencer and the attribute manager.
func (c *Cluster) StackRuns(ctx context.Context, node string) (corosync, daemons bool, err error) {
	// The kernel keeps fifteen characters of a name.
	result, err := c.Exec(ctx, node, "pgrep", "--exact", "--list-name", "corosync|pacemaker-based|pacemaker-fence|pacemaker-attrd")
	missing := func(program string) bool { return !strings.Contains(result.Stdout, program) }
	return !missing("corosync"), !slices.ContainsFunc([]string{"pacemaker-based", "pacemaker-fence", "pacemaker-attrd"}, missing), err
}

// runs reports whether a program runs on a node.
func (c *Cluster) runs(ctx context.Context, node, program string) (bool, error) {
	result, err := c.Exec(ctx, node, "pgrep", "--exact", program)
	return err == nil && result.Code == 0, err
}

// startStack starts Corosync, and Pacemaker once that answers, as the boot of a node does.
const startStack = "corosync -f & corosync=$!; until corosync-cfgtool -s >/dev/null 2>&1; do kill -0 $corosync || exit 1; sleep 0.1; done; pacemakerd & wait"

// StartStack starts Corosync and Pacemaker on a node on which neither runs. It does not wait.
func (c *Cluster) StartStack(ctx context.Context, node string) error {
	return c.Spawn(ctx, node, "sh", "-c", startStack)
}
