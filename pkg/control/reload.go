package control

import (
	"context"
	"errors"
	"slices"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
)

// ErrNothingRuns is returned by [Controller.Reload] if no server of the resource runs on this node.
var ErrNothingRuns = errors.New("no server of the resource runs on this node")

// Reload takes the controller's parameters over, as far as they can be changed while the servers run:
// probes and roles of the Connection rows, probes of replication, threads of ovn-northd, and all that
// the supervisor goes by, which is replaced. No server is restarted, and no session ends but those of
// clients whose role changes.
func (c *Controller) Reload(ctx context.Context) error {
	if !slices.ContainsFunc(c.Units, func(u Unit) bool { return !u.stopped() }) {
		return ErrNothingRuns
	}
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	c.keepParameters()
	// The supervisor that has the earlier parameters would put the rows back: it is replaced before the
	// lock is given up.
	err = c.forEachUnit(ctx, c.reloadUnit)
	c.reloadNorthd(ctx)
	c.superviseFromNow(ctx)
	return err
}

func (c *Controller) reloadUnit(ctx context.Context, u Unit) error {
	if u.stopped() {
		return nil
	}
	return step(ctx, "change the parameters of the running "+u.Name()+" server", u.Server.ControlSocket, func(ctx context.Context) error {
		status, err := u.Server.SyncStatus(ctx)
		switch {
		case err != nil:
			return err
		case status.Role == ovsdbctl.RoleBackup:
			return u.Server.SetSourceProbe(ctx, c.Listening.ReplicationProbe)
		case c.Promoted():
			return c.reloadListeners(ctx, u)
		default: // it is made read-only by the supervisor
			return nil
		}
	})
}

// reloadListeners writes the Connection rows again. A listener takes a new probe over by itself; up to
// Open vSwitch 3.2 it keeps the role with which it was opened, so it is opened again then.
func (c *Controller) reloadListeners(ctx context.Context, u Unit) error {
	wanted := c.Listening.Connections(u.Endpoint)
	var before, after map[string]string
	err := c.write(ctx, u, "write the agent's Connection rows into "+u.Name(), func(ctx context.Context, s *ovsdbctl.Store) (err error) {
		if _, before, err = s.CheckConnections(ctx, wanted); err != nil {
			return err
		}
		if err := c.ensureRows(ctx, u, s); err != nil {
			return err
		}
		_, after, err = s.CheckConnections(ctx, wanted)
		return err
	})
	if err != nil || !roleChanged(before, after) {
		return err
	}
	open, err := u.Server.ConnectionsOpen(ctx)
	if err != nil || !open {
		return err
	}
	if err := u.Server.CloseConnections(ctx); err != nil {
		return err
	}
	return u.openListeners(ctx)
}

// roleChanged reports whether a row has another role than before, by the roles of the targets.
func roleChanged(before, after map[string]string) bool {
	for target, role := range after {
		if earlier, existed := before[target]; existed && earlier != role {
			return true
		}
	}
	return false
}

// reloadNorthd gives an ovn-northd that the agent manages its number of threads.
func (c *Controller) reloadNorthd(ctx context.Context) {
	if n := c.observeNorthd(); !n.Managed || n.PID == 0 || n.Stopped {
		return
	}
	options, err := process.NorthdParameters(c.NorthdParameters)
	if err != nil {
		c.warn(err, process.NorthdProgram+" keeps its threads")
		return
	}
	c.setNorthdThreads(ctx, options)
}
