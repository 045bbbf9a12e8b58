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
	// Silent is why nothing is known of what it sees; empty if it is.
	Silent string `json:"silent,omitempty"`
}

// addSupervisor adds the supervisor, and what it has to say, of a node whose servers
// should run.
func (r *report) addSupervisor(c *control.Controller) {
	if r.Health == string(replication.HealthStopped) {
		return
	}
	pid, knows, err := c.Supervisor()
	r.Supervisor = &supervisorReport{PID: pid}
	if pid != 0 && err != nil {
		r.Supervisor.Silent = err.Error()
	}
	for _, reason := range knows.Reasons {
		r.problem(reason)
	}
	if knows.GaveUp {
		r.problem("the supervisor restarts servers no more, and has left them to Pacemaker; why, says its log")
	}
}

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
