package main

import (
	"fmt"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// supervisorReport is the supervisor of this node.
type supervisorReport struct {
	// PID is 0 if none runs.
	PID int `json:"pid"`
	// Silent is the reason why its state is unknown; empty if it is known.
	Silent string `json:"silent,omitempty"`
}

// addSupervisor adds the supervisor of a node whose servers should run, and the faults it reports.
func (r *report) addSupervisor(c *control.Controller) {
	if r.Health == string(replication.HealthStopped) {
		return
	}
	pid, state, err := c.Supervisor()
	r.Supervisor = &supervisorReport{PID: pid}
	if pid != 0 && err != nil {
		r.Supervisor.Silent = err.Error()
	}
	if err == nil {
		r.behindSince = state.BehindSince
		r.addSessionLosses(state.SessionLosses)
	}
	for _, reason := range state.Reasons {
		r.problem(reason)
	}
	for _, notice := range state.Notices {
		r.problem(notice)
	}
	if state.Unmonitored != "" {
		r.problem(state.Unmonitored)
	}
	if state.GaveUp {
		r.problem("the supervisor has given up restarting servers and left recovery to Pacemaker; see why: ovndb-servers events --since 1h")
	}
}

func (r *report) addSessionLosses(losses map[string]control.SessionLoss) {
	for i, s := range r.Servers {
		if lost, found := losses[s.Database]; found {
			r.Servers[i].SessionsLost = &lost
		}
	}
}

// quiet reports whether there is nothing to say of the supervisor.
func (s *supervisorReport) quiet() bool { return s == nil || s.PID != 0 && s.Silent == "" }

func (s *supervisorReport) text() string {
	switch {
	case s.PID == 0:
		return "not running: a server that dies waits for the next monitor"
	case s.Silent != "":
		return fmt.Sprintf("running (pid %d), but %s", s.PID, s.Silent)
	default:
		return fmt.Sprintf("running (pid %d)", s.PID)
	}
}
