package control

import (
	"path/filepath"
	"slices"
	"strings"
)

// The state files of a resource lie in the run directory: none outlives a reboot, as the servers
// do not. Their names begin with statePrefix and the resource's name; those of one database have
// its name before their own. A test compares this list with docs/architecture.md.
const (
	// statePromoted says that this node is promoted: it is written before the first server is
	// made active and removed when the last is read-only.
	statePromoted = "promoted"
	// stateWritable says, for a database, that its server was writable without a promotion or
	// that its file was restored: the next follow keeps a snapshot.
	stateWritable = "writable"
	// stateHandedOver says that the node that led was demoted as planned.
	stateHandedOver = "handed-over"
	// stateCalledRound names the election that this node called.
	stateCalledRound = "round"
	// stateAnsweredRound names the election that this node answered.
	stateAnsweredRound = "answered"
	// stateElectionLost says that this node failed a promotion that another node should have.
	stateElectionLost = "election-lost"
	// stateNorthd says that the ovn-northd of this node is the agent's to end.
	stateNorthd = "northd"
	// stateFilePosition holds, for a database, how far its file was read and the position there.
	stateFilePosition = "position"
	// statePendingFollow names the promoted node that the supervisor is to follow.
	statePendingFollow = "follow"
	// stateLock keeps actions, and repairs of the supervisor, apart.
	stateLock = "lock"
	// stateSupervisorPID is locked by the supervisor while it runs.
	stateSupervisorPID = "supervisor.pid"
	// stateSupervisorState holds the supervisor's view of the cluster and its faults.
	stateSupervisorState = "supervisor.json"
	// statePoke tells the supervisor by its change that an action has changed something.
	statePoke = "poke"
	// stateBusySince says, for a database, by its age since when the server is busy.
	stateBusySince = "busy"
	// stateAnnounced and a topic say that this node has published a value.
	stateAnnounced = "said-"
)

// statePrefix begins the name of each state file, so that it is told apart from the servers'.
const statePrefix = "ovndb-servers-"

// stateFile returns the path of a state file of the resource.
func (c *Controller) stateFile(kind string) string {
	return filepath.Join(c.Layout.RunDir, statePrefix+c.Instance+"."+kind)
}

// unitFile returns the path of a state file of one database.
func (c *Controller) unitFile(u Unit, kind string) string { return c.stateFile(u.Name() + "." + kind) }

// InstancesIn returns the names of the resources whose agents have left their
// files in a run directory, sorted.
func InstancesIn(runDir string) []string {
	// The only error is a malformed pattern.
	locks, _ := filepath.Glob(filepath.Join(runDir, statePrefix+"*."+stateLock))
	instances := make([]string, len(locks))
	for i, l := range locks {
		instances[i] = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(l), statePrefix), "."+stateLock)
	}
	slices.Sort(instances)
	return instances
}

// promotion is the note that this node is promoted. It is taken before the first server is made
// active and dropped after the last one is read-only: a server that is active without it turned
// active by itself. Its text is the cluster record that the promotion wrote; empty until then.
func (c *Controller) promotion() note { return note{path: c.stateFile(statePromoted)} }

// handedOver is the note that the node that led was demoted and said where its data ended. The
// next promotion finds that out by itself; the other nodes need not.
func (c *Controller) handedOver() note { return note{path: c.stateFile(stateHandedOver)} }

// writable is the note that a server of this node has been writable since it last followed a
// source.
func (c *Controller) writable(u Unit) note { return note{path: c.unitFile(u, stateWritable)} }

// calledRound is the election this node held last, answeredRound the one it answered last.
func (c *Controller) calledRound() note { return note{path: c.stateFile(stateCalledRound)} }

func (c *Controller) answeredRound() note { return note{path: c.stateFile(stateAnsweredRound)} }

func (c *Controller) failedPromotion() note { return note{path: c.stateFile(stateElectionLost)} }

// northdNote is there while the ovn-northd of this node is the agent's to end.
func (c *Controller) northdNote() note { return note{path: c.stateFile(stateNorthd)} }

// pendingFollow is the note that the supervisor is to point the servers at a promoted node, by
// its name. Any later action overrides it, and after a while the supervisor learns of the
// promoted node by itself.
func (c *Controller) pendingFollow() note { return note{path: c.stateFile(statePendingFollow)} }

// announced is the note of what this node has published under a topic. Like the value,
// it is forgotten when the node is restarted.
func (c *Controller) announced(topic Topic) note {
	return note{path: c.stateFile(stateAnnounced + string(topic))}
}

// PokeFile is written by each action after which the supervisor should look again.
func (c *Controller) PokeFile() string { return c.stateFile(statePoke) }

func (c *Controller) checkpoint(u Unit) checkpoint {
	return checkpoint{note{path: c.unitFile(u, stateFilePosition)}}
}

func (c *Controller) busySince(u Unit) busySince {
	return busySince{path: c.unitFile(u, stateBusySince)}
}

func (c *Controller) supervisorStateFile() string { return c.stateFile(stateSupervisorState) }
