package control

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v4"

	"ovndb-servers/pkg/process"
)

// Supervision says how the supervisor of a node is started. Without a Program there is
// none, and every action still works.
type Supervision struct {
	// Program is the path of the program that supervises, with the argument
	// "supervise" and the environment of the action.
	Program string
	// Config names the program's version and the parameters. A supervisor that was
	// started with another one is replaced.
	Config string
	// Unusable says that the parameters are wrong: a supervisor that runs stays, and none is started.
	Unusable bool
}

// Supervisor returns the process of this node's supervisor and its state. The error is
// ErrUnsupervised if it does not run, with process 0; with another error it runs, and has
// said nothing, or not lately.
func (c *Controller) Supervisor() (pid int, k SupervisorState, err error) {
	if pid, err = c.SupervisorPidfile().Owner(); err != nil {
		return 0, SupervisorState{}, errors.Join(ErrUnsupervised, err)
	}
	k, err = c.loadSupervisorState()
	return pid, k, err
}

// ActionVariables begins the names of Pacemaker's meta attributes, which describe a single action.
const ActionVariables = "OCF_RESKEY_CRM_meta_"

const (
	supervisorStopTimeout  = 5 * time.Second
	supervisorStartTimeout = 3 * time.Second
	supervisorFraction     = 0.25
)

// ensureSupervisor starts the supervisor if it does not run, or replaces one of an
// older program or other parameters; the servers are not touched by that. It reports
// whether anything was to be done.
func (c *Controller) ensureSupervisor(ctx context.Context) (started bool, err error) {
	if c.Supervision.Program == "" || c.Supervision.Unusable {
		return false, nil
	}
	k, err := c.awaitResumed(ctx)
	if err == nil && k.Config == c.Supervision.Config || errors.Is(err, errStateOld) {
		return false, nil
	}
	if c.activeForOtherAgent(ctx) {
		return false, nil // it would make the servers read-only; the next monitor begins a term around them
	}
	if !errors.Is(err, ErrUnsupervised) {
		if err := c.stopSupervisor(ctx); err != nil {
			return false, err
		}
	}
	c.keepIdentity()
	err = process.Background{
		Program: c.Supervision.Program, Args: []string{"supervise"}, Pidfile: c.SupervisorPidfile(),
		Without: ActionVariables, Extra: c.Identity().variables(),
	}.Start()
	if err != nil {
		return false, fmt.Errorf("cannot start the supervisor: %w", err)
	}
	return true, nil
}

// resumeTimeout is how long a supervisor that seems to be stuck is given to say something. It does that
// within two of its observations.
const resumeTimeout = 1500 * time.Millisecond

// awaitResumed returns the state of the supervisor, and gives one a moment that has said nothing for long:
// a machine that was suspended has just resumed, which the supervisor is about to notice and a new one could
// not, or the clock was set.
func (c *Controller) awaitResumed(ctx context.Context) (state SupervisorState, err error) {
	ctx, cancel := withBudget(ctx, supervisorFraction, resumeTimeout)
	defer cancel()
	err = await(ctx, func(context.Context) (err error) {
		state, err = c.supervisorState()
		if err != nil && !errors.Is(err, errStateStuck) {
			return backoff.Permanent(err)
		}
		return err
	})
	return state, err
}

// KeepSupervised starts the supervisor of a node whose servers run without one, or have died with it. Monitor
// does the same, but Pacemaker may have lost the monitor of a node whose last one was degraded when its
// role changed (docs/troubleshooting.md). A supervisor that runs is told that an action has ended on
// some node, for which it need not ask the cluster by the clock.
func (c *Controller) KeepSupervised(ctx context.Context) error {
	if slices.ContainsFunc(c.Units, Unit.stopped) && !c.leftSupervised() {
		return nil
	}
	started, err := c.ensureSupervisor(ctx)
	if started {
		c.Log.Warn("the supervisor was not running, and has been started")
	} else {
		c.poke()
	}
	return err
}

// leftSupervised reports whether no stop has ended the supervisor that was started last since the node booted: a
// stop leaves no pidfile, and a supervisor that is killed does.
func (c *Controller) leftSupervised() bool {
	_, err := os.Lstat(c.SupervisorPidfile().String())
	return err == nil
}

// superviseFromNow starts the supervisor and waits for it. The instance also
// works without one; monitor then says so.
func (c *Controller) superviseFromNow(ctx context.Context) {
	started, err := c.ensureSupervisor(ctx)
	if started && err == nil {
		err = c.awaitSupervisor(ctx)
	}
	c.warn(err, "no supervisor restarts the servers at once")
}

// awaitSupervisor waits until the supervisor has looked around: the first monitor
// should find it at work.
func (c *Controller) awaitSupervisor(ctx context.Context) error {
	ctx, cancel := withBudget(ctx, supervisorFraction, supervisorStartTimeout)
	defer cancel()
	return await(ctx, func(context.Context) error {
		_, err := c.supervisorState()
		return err
	})
}

// stopSupervisor ends the supervisor. The servers run on.
func (c *Controller) stopSupervisor(ctx context.Context) error {
	if c.Supervision.Program == "" {
		return nil
	}
	ctx, cancel := withBudget(ctx, supervisorFraction, supervisorStopTimeout)
	defer cancel()
	_, err := process.Stop(ctx, c.SupervisorPidfile(), c.Supervision.Program, nil)
	return err
}

// poke makes the supervisor observe and poll again: an action has changed this node.
func (c *Controller) poke() {
	c.warn(note{path: c.PokeFile()}.take(), "the supervisor learns late of this action")
}
