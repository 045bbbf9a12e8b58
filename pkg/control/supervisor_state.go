package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// SupervisorState is the supervisor's view of the cluster and the faults it has to report. It
// leaves it in a file, so that a monitor need not ask the cluster again.
type SupervisorState struct {
	// Config names the program and the parameters that the supervisor runs with.
	Config string `json:"config"`
	// Record is the cluster record, Leader the other node that is promoted.
	Record string             `json:"record,omitempty"`
	Leader replication.Leader `json:"leader"`
	// Unmanaged says that the cluster does not manage the resource on this node, as in maintenance. It
	// is asked for on a promoted node, and where monitors are missing.
	Unmanaged bool `json:"unmanaged,omitempty"`
	// AddressLost says that this node is promoted, and the cluster does not have its address. It is for
	// the supervisor alone.
	AddressLost bool `json:"-"`
	// Stack names the parts of the cluster stack that have run on this node while a supervisor did. The
	// next supervisor misses one that does not run.
	Stack []string `json:"stack,omitempty"`
	// Reasons are faults that only show over time, or are being mended.
	Reasons []string `json:"reasons,omitempty"`
	// Unmonitored says that the cluster seems to have lost the monitor of this node, and names the
	// remedy. It is for people: a monitor that reads it disproves it.
	Unmonitored string `json:"unmonitored,omitempty"`
	// Notices are faults that are for people as well: they are none of the servers'.
	Notices []string `json:"notices,omitempty"`
	// Waiting names the nodes that an upgrade of OVN waits for, which is no fault.
	Waiting string `json:"waiting,omitempty"`
	// Restarting says that it is restarting a server in place.
	Restarting bool `json:"restarting,omitempty"`
	// Leaderless says that no node has led for some seconds.
	Leaderless bool `json:"leaderless,omitempty"`
	// BehindSince says since when a backup's databases are behind their sources, or without a session
	// to them, by name.
	BehindSince map[string]time.Time `json:"behind-since,omitempty"`
	// SessionLosses says how often the session to the source of a database was lost, by name.
	SessionLosses map[string]SessionLoss `json:"session-losses,omitempty"`
	// LastBeats are the last beats that were seen in the databases, by name.
	LastBeats map[string]LastBeat `json:"last-beats,omitempty"`
	// Doubted says that the cluster has to confirm that this node leads before its listeners are opened. It
	// is for the next supervisor.
	Doubted bool `json:"doubted,omitempty"`
	// GaveUp says that the supervisor restarts nothing any more.
	GaveUp bool `json:"gave-up,omitempty"`
}

// LastBeat is a beat, and the term that it is of.
type LastBeat struct {
	TermID string `json:"term-id"`
	Beat   uint64 `json:"beat"`
}

// SessionLoss says how often the supervisor has lost its session to a source since it started. The server
// here has a session of its own, over the same way.
type SessionLoss struct {
	Count int       `json:"count"`
	Last  time.Time `json:"last"`
	// Reason is why the last one ended.
	Reason string `json:"reason,omitempty"`
}

// maxStateAge is how old the state that a supervisor has written may be. The supervisor writes
// several times as often.
const maxStateAge = 5 * time.Second

// stuckSupervisorAge is when a supervisor that says nothing is taken for stuck. On a machine that
// has no time for it, it would not be helped by being replaced.
const stuckSupervisorAge = time.Minute

// errStateOld is returned for a state that is too old to be believed.
var errStateOld = errors.New("the last state that the supervisor wrote is too old")

// errStateStuck is returned for a state from which the supervisor seems to be stuck.
var errStateStuck = errors.New("the supervisor has said nothing")

// SupervisorPidfile is the pidfile that the supervisor of the resource on this node holds.
func (c *Controller) SupervisorPidfile() process.Pidfile {
	return process.Pidfile(c.runFile(stateSupervisorPID))
}

// maxSupervisorState bounds the file, in bytes.
const maxSupervisorState = 64 << 10

// SaveSupervisorState leaves the supervisor's state for the actions of this node. One that is as
// it was only becomes young again. It is called by one goroutine.
func (c *Controller) SaveSupervisorState(state SupervisorState) error {
	text, err := json.Marshal(state)
	if err != nil {
		return fmt.Errorf("cannot keep the supervisor's state: %w", err)
	}
	if bytes.Equal(text, c.savedState) && os.Chtimes(c.supervisorStateFile(), time.Time{}, time.Now()) == nil {
		return nil
	}
	c.savedState = nil
	if err := replaceFile(c.supervisorStateFile(), text); err != nil {
		return fmt.Errorf("cannot keep the supervisor's state: %w", err)
	}
	c.savedState = text
	return nil
}

// ErrUnsupervised is returned where no supervisor runs.
var ErrUnsupervised = errors.New("the supervisor of the servers is not running")

// supervisorState returns the supervisor's state, or ErrUnsupervised, or why the state cannot be
// used.
func (c *Controller) supervisorState() (SupervisorState, error) {
	_, state, err := c.Supervisor()
	return state, err
}

// loadSupervisorState reads the state that a supervisor has left lately. A time stamp in the future is
// not recent.
func (c *Controller) loadSupervisorState() (SupervisorState, error) {
	info, err := os.Stat(c.supervisorStateFile())
	if err != nil {
		return SupervisorState{}, fmt.Errorf("the supervisor has not said anything yet: %w", err)
	}
	switch age := time.Since(info.ModTime()); {
	case age < 0 || age > stuckSupervisorAge:
		return SupervisorState{}, fmt.Errorf("%w for %s", errStateStuck, age.Round(time.Second))
	case age > maxStateAge:
		return SupervisorState{}, fmt.Errorf("%w: %s old", errStateOld, age.Round(time.Millisecond))
	}
	return c.readSupervisorState()
}

// LastSupervisorState returns the state that the last supervisor of this node has left since it booted,
// however long ago; the zero value if there is none. A new supervisor has it for what it cannot ask.
func (c *Controller) LastSupervisorState() SupervisorState {
	state, err := c.readSupervisorState()
	if err != nil {
		return SupervisorState{}
	}
	return state
}

func (c *Controller) readSupervisorState() (SupervisorState, error) {
	text, err := readBounded(c.supervisorStateFile(), maxSupervisorState)
	if err != nil {
		return SupervisorState{}, err
	}
	var state SupervisorState
	return state, json.Unmarshal(text, &state)
}

// readBeat returns the last beat of a term that the supervisor has seen in a database; 0 if it has seen
// none.
func (c *Controller) readBeat(database, termID string) uint64 {
	if last := c.LastSupervisorState().LastBeats[database]; last.TermID == termID {
		return last.Beat
	}
	return 0
}
