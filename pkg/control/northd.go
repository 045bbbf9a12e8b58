package control

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// To start or to end ovn-northd takes at most this part of an action's time, and this
// long: a promotion and a demotion have to succeed without it.
const (
	northdFraction = 0.25
	northdTimeout  = 3 * time.Second
)

// How long a demotion waits for it to agree to end, which it does between two rounds.
// It loses nothing if it is killed: all that it knows is in the databases.
const (
	northdExitFraction = 0.1
	northdExitTimeout  = 500 * time.Millisecond
)

// NorthdPidfile returns the pidfile that the node's ovn-northd locks while it lives,
// whoever has started it.
func (c *Controller) NorthdPidfile() process.Pidfile {
	return process.Pidfile(c.Layout.Northd().Pidfile)
}

// StopNorthd ends ovn-northd, and returns when it has gone; that there is none, or
// that the agent does not manage it, is no error. The caller knows that the node is
// not to be active.
func (c *Controller) StopNorthd(ctx context.Context) error {
	if !c.managesNorthd() {
		return nil
	}
	ctx, cancel := withBudget(ctx, northdFraction, northdTimeout)
	defer cancel()
	return c.removeNorthd(ctx, func(ctx context.Context) error {
		_, err := process.Stop(ctx, c.NorthdPidfile(), process.NorthdProgram, c.askNorthdToExit)
		return err
	})
}

// managesNorthd also looks at the note, which is right where the parameters are not
// known, or could not be read.
func (c *Controller) managesNorthd() bool { return c.ManageNorthd || c.northdNote().held() }

// observeNorthd returns the state of ovn-northd on this node.
func (c *Controller) observeNorthd() replication.Northd {
	n := replication.Northd{Managed: c.managesNorthd()}
	pid, err := c.NorthdPidfile().Owner()
	if err != nil {
		return n
	}
	if a, err := process.Inspect(pid); err == nil && !a.Zombie {
		n.PID, n.Stopped, n.Reason = pid, a.Stopped, otherManager(process.NorthdProgram, pid)
	}
	return n
}

// startNorthd starts ovn-northd unless one runs, whoever has started it. One that is
// stopped by a signal is replaced.
func (c *Controller) startNorthd(ctx context.Context) error {
	if !c.managesNorthd() {
		return nil
	}
	if c.observeNorthd().Stopped {
		if err := c.StopNorthd(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := withBudget(ctx, northdFraction, northdTimeout)
	defer cancel()
	if waits, err := c.northdWaits(ctx); err != nil || waits != "" {
		return errors.Join(err, refusedStart(waits))
	}
	files := c.Layout.Northd()
	parameters, err := process.NorthdParameters(c.NorthdParameters)
	if err != nil {
		return err
	}
	daemon := process.OVNNorthd(process.NorthdOptions{
		Files:      files,
		Northbound: c.Layout.Northbound().DataSocket, Southbound: c.Layout.Southbound().DataSocket, Owner: c.Owner,
		Parameters: parameters,
	})
	err = step(ctx, "start "+process.NorthdProgram, files.Pidfile, func(ctx context.Context) error {
		if err := c.northdNote().take(); err != nil {
			return err
		}
		c.warn(files.RemoveStale(), "a killed "+process.NorthdProgram+" has left files")
		return daemon.Start(ctx)
	})
	if err == nil && c.NorthdThreads > 1 {
		c.setNorthdThreads(ctx, parameters)
	}
	return err
}

// setNorthdThreads gives the ovn-northd that runs its number of threads, unless its own options do. A
// command does not end it where it is not known, as an option would.
func (c *Controller) setNorthdThreads(ctx context.Context, options []string) {
	if process.SetsNorthdThreads(options) {
		return
	}
	pid, err := c.NorthdPidfile().Owner()
	if err == nil {
		files := c.Layout.Northd()
		_, err = ovsdbctl.Unixctl{Socket: files.ControlSocket(pid), Peer: files}.
			Call(ctx, "parallel-build/set-n-threads", strconv.Itoa(max(c.NorthdThreads, 1)))
	}
	c.warn(err, fmt.Sprintf("%s has not the %d threads that it is to have; before OVN 22.06 it cannot", process.NorthdProgram, c.NorthdThreads))
}

// endIdleNorthd ends one that runs before the servers are active. It has asked for its
// lock in a server that was a backup; up to Open vSwitch 3.2 that is refused, and it
// does not ask again in the same session, so that it would stay idle.
func (c *Controller) endIdleNorthd(ctx context.Context) {
	if n := c.observeNorthd(); n.Managed && n.PID != 0 {
		c.warn(c.StopNorthd(ctx), process.NorthdProgram+" may stay idle")
	}
}

// endNorthd returns as soon as ovn-northd writes no more: it has agreed to end, or it
// has gone. The function it returns then ends the rest of it: it may be long about
// giving its memory back. A failure is reported, and delays none of the steps that
// follow.
func (c *Controller) endNorthd(ctx context.Context) (end func()) {
	n := c.observeNorthd()
	if !n.Managed {
		return func() {}
	}
	end = func() { c.warn(c.killNorthd(ctx), process.NorthdProgram+" may still be there") }
	if n.PID != 0 && !n.Stopped && c.northdAgrees(ctx) {
		return end
	}
	end()
	return func() {}
}

// northdAgrees asks it to end, and reports whether it will.
func (c *Controller) northdAgrees(ctx context.Context) bool {
	ctx, cancel := withBudget(ctx, northdExitFraction, northdExitTimeout)
	defer cancel()
	return c.askNorthdToExit(ctx) == nil
}

func (c *Controller) killNorthd(ctx context.Context) error {
	ctx, cancel := withBudget(ctx, northdFraction, northdTimeout)
	defer cancel()
	return c.removeNorthd(ctx, func(ctx context.Context) error {
		return process.Kill(ctx, c.NorthdPidfile(), process.NorthdProgram)
	})
}

// removeNorthd has ovn-northd ended and the files that it leaves behind removed.
func (c *Controller) removeNorthd(ctx context.Context, end func(context.Context) error) error {
	files := c.Layout.Northd()
	return step(ctx, "stop "+process.NorthdProgram, files.Pidfile, func(ctx context.Context) error {
		if err := end(ctx); err != nil {
			return err
		}
		return errors.Join(files.RemoveStale(), c.northdNote().drop())
	})
}

func (c *Controller) askNorthdToExit(ctx context.Context) error {
	files := c.Layout.Northd()
	pid, err := c.NorthdPidfile().Owner()
	if errors.Is(err, process.ErrNotRunning) {
		return nil
	}
	if err != nil {
		return err
	}
	return ovsdbctl.Unixctl{Socket: files.ControlSocket(pid), Peer: files}.Exit(ctx)
}
