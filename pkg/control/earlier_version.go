package control

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"ovndb-servers/pkg/process"
)

// The first version of this agent kept its state among OVN's sockets. Its servers may still run, and have
// markers and a record that this one reads; its notes are not read, so that a term begins around a node
// that it has promoted, as around one of another agent.

// earlierSupervisorPidfile is locked by the supervisor of the first version.
func (c *Controller) earlierSupervisorPidfile() process.Pidfile {
	return process.Pidfile(filepath.Join(c.Layout.RunDir, "ovndb-servers-"+c.Instance+".supervisor.pid"))
}

// EndEarlierVersion ends a supervisor of the first version, which would undo the changes of this one. The
// servers run on. It is for the beginning of each action that may change the node.
func (c *Controller) EndEarlierVersion(ctx context.Context) {
	pidfile := c.earlierSupervisorPidfile()
	if _, err := os.Lstat(string(pidfile)); errors.Is(err, fs.ErrNotExist) || c.Supervision.Program == "" {
		return
	}
	ctx, cancel := withBudget(ctx, supervisorFraction, supervisorStopTimeout)
	defer cancel()
	report, err := process.StopOwn(ctx, pidfile, c.Supervision.Program)
	c.warn(err, "the supervisor of an earlier version may undo the changes of this one")
	if err == nil && report.How != process.StopNotRunning {
		c.Log.WithField("pids", report.PIDs).Warn("ended the supervisor of an earlier version; the servers run on")
	}
}
