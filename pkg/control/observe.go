package control

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// A server is given this part of the time that is left, and at most this long,
// to answer a question about its state; the rest is for acting on silence.
const (
	answerFraction = 0.4
	answerTimeout  = 5 * time.Second
)

func (c *Controller) observeServers(ctx context.Context) []replication.ServerState {
	return parallel.Map(c.Units, func(u Unit) replication.ServerState { return c.observeUnit(ctx, u) })
}

func (c *Controller) observeUnit(ctx context.Context, u Unit) replication.ServerState {
	if s, ok := c.observeKept(ctx, u); ok {
		return s
	}
	s := replication.ServerState{Database: u.Name(), Condition: replication.ConditionAbsent}
	pid, err := u.Running()
	switch {
	case err != nil:
		s.Condition, s.Reason = replication.ConditionFailed, err.Error()
		return s
	case pid == 0:
		return s
	}
	s.PID, s.Foreign = pid, foreignManager(pid)
	before, err := process.Inspect(pid)
	if err != nil || before.Zombie {
		return absent(s)
	}
	if before.Stopped {
		s.Condition, s.Reason = replication.ConditionFailed, replication.StoppedReason
		return s
	}
	opening, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	u.Server = c.sessions[u.Name()].open(opening, u.Server, s)
	return c.askServer(ctx, u, s, before)
}

func absent(s replication.ServerState) replication.ServerState {
	s.PID, s.Foreign, s.Condition = 0, "", replication.ConditionAbsent
	return s
}

func (c *Controller) askServer(ctx context.Context, u Unit, s replication.ServerState, before process.Activity) replication.ServerState {
	asking, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	began := time.Now()
	status, err := u.Server.SyncStatus(asking)
	if err != nil {
		return c.judgeUnanswered(u, s, unanswered{before: before, lasted: time.Since(began), cause: err})
	}
	c.busySince(u).clear()
	s.Condition, s.Link, s.Source = replication.ConditionBackup, replication.Link(status.Link), status.Source
	if status.Role == ovsdbctl.RoleActive {
		s.Condition = replication.ConditionActive
	}
	return s
}

// unanswered is a question to which no answer came.
type unanswered struct {
	before process.Activity
	lasted time.Duration
	cause  error
}

// workingShare is the part of the time that a server which is working at the least
// has the CPU for: one that is idle wakes up now and then, which may count as a tick
// of the kernel's clock or two.
const workingShare = 0.05

// working reports whether the server was at work all the while, as far as its process
// shows.
func (q unanswered) working(after process.Activity) bool {
	used := after.CPUTime - q.before.CPUTime
	return after.DiskWait || after.State == "R" || used.Seconds() > workingShare*q.lasted.Seconds()
}

// judgeUnanswered tells a server that is working from one that is not, after it has left
// a question unanswered: slow is not dead.
func (c *Controller) judgeUnanswered(u Unit, s replication.ServerState, q unanswered) replication.ServerState {
	s.Condition, s.Reason = replication.ConditionFailed, q.cause.Error()
	after, err := process.Inspect(s.PID)
	switch {
	case err != nil || after.Zombie:
		return absent(s)
	case after.Stopped:
		s.Reason = replication.StoppedReason
	case !errors.Is(q.cause, ovsdbctl.ErrNoAnswer):
		s.Deaf = errors.Is(q.cause, ovsdbctl.ErrNotListening)
	case q.working(after):
		s.Condition, s.Reason = busyCondition(c.busySince(u).elapsed(), after, c.busyPatience())
	default:
		s.Reason = "it is idle but does not answer: " + q.cause.Error()
	}
	return s
}

func (c *Controller) busyPatience() time.Duration {
	if c.BusyPatience > 0 {
		return c.BusyPatience
	}
	return DefaultBusyPatience
}

// busyCondition returns the condition of a server that has been busy for that long.
func busyCondition(waited time.Duration, a process.Activity, patience time.Duration) (replication.Condition, string) {
	reason := fmt.Sprintf("no answer for %s, CPU time %s", waited.Round(time.Second), a.CPUTime)
	if waited > patience {
		return replication.ConditionFailed, fmt.Sprintf("%s, which is longer than busy_patience, %s", reason, patience)
	}
	return replication.ConditionBusy, reason
}
