package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// SupervisorState is what the supervisor of a node has learnt of the cluster and has to
// report. It leaves it in a file, so that a monitor need not ask the cluster again.
type SupervisorState struct {
	// Config names the program and the parameters that the supervisor runs with.
	Config string `json:"config"`
	// Record is the cluster record, Leader the other node that is promoted.
	Record string             `json:"record,omitempty"`
	Leader replication.Leader `json:"leader"`
	// Term is what the record makes of this node's data.
	Term replication.TermState `json:"term,omitempty"`
	// Reasons are faults that only show over time, or are being mended.
	Reasons []string `json:"reasons,omitempty"`
	// GaveUp says that the supervisor restarts nothing any more.
	GaveUp bool `json:"gave-up,omitempty"`
}

// maxStateAge is how old what a supervisor has written may be. The supervisor writes
// several times as often.
const maxStateAge = 5 * time.Second

// stuckSupervisorAge is when a supervisor that says nothing is taken for stuck. On a machine that
// has no time for it, it would not be helped by being replaced.
const stuckSupervisorAge = time.Minute

// errStateOld is returned for knowledge that is too old to be believed.
var errStateOld = errors.New("what the supervisor said last is too old")

// SupervisorPidfile is what the supervisor of the resource on this node holds.
func (c *Controller) SupervisorPidfile() process.Pidfile {
	return process.Pidfile(c.stateFile(stateSupervisorPID))
}

// SaveSupervisorState leaves knowledge for the actions of this node.
func (c *Controller) SaveSupervisorState(k SupervisorState) error {
	text, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("cannot keep what the supervisor knows: %w", err)
	}
	written := c.supervisorStateFile() + ".new"
	if err := os.WriteFile(written, text, 0o644); err != nil {
		return fmt.Errorf("cannot keep what the supervisor knows: %w", err)
	}
	return os.Rename(written, c.supervisorStateFile())
}

// ErrUnsupervised is returned where nobody supervises the servers.
var ErrUnsupervised = errors.New("the supervisor of the servers is not running")

// supervisorState returns what the supervisor knows, or ErrUnsupervised, or why it cannot be
// used.
func (c *Controller) supervisorState() (SupervisorState, error) {
	_, k, err := c.Supervisor()
	return k, err
}

// loadSupervisorState reads what a supervisor has left lately. A time stamp in the future is no fresh one.
func (c *Controller) loadSupervisorState() (SupervisorState, error) {
	info, err := os.Stat(c.supervisorStateFile())
	if err != nil {
		return SupervisorState{}, fmt.Errorf("the supervisor has not said anything yet: %w", err)
	}
	switch age := time.Since(info.ModTime()); {
	case age < 0 || age > stuckSupervisorAge:
		return SupervisorState{}, fmt.Errorf("the supervisor has said nothing for %s", age.Round(time.Second))
	case age > maxStateAge:
		return SupervisorState{}, fmt.Errorf("%w: %s old", errStateOld, age.Round(time.Millisecond))
	}
	text, err := os.ReadFile(c.supervisorStateFile())
	if err != nil {
		return SupervisorState{}, err
	}
	var k SupervisorState
	return k, json.Unmarshal(text, &k)
}

// lastKnownRecord returns the cluster record that the supervisor has learnt last. There may be a
// later one.
func (c *Controller) lastKnownRecord(context.Context) (*replication.Record, error) {
	k, err := c.supervisorState()
	if err != nil {
		return nil, err
	}
	return replication.ParseRecord(k.Record)
}

// OwnPromotionRecord returns the cluster record that this node's promotion has just written, so that
// nobody has to ask for it; empty if there was none lately.
func (c *Controller) OwnPromotionRecord() string {
	if !c.promotion().heldLately() {
		return ""
	}
	return c.promotion().read()
}
