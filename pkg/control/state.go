package control

import (
	"path/filepath"
	"slices"

	"ovndb-servers/pkg/process"
)

// A node keeps its state in two directories of root's, mode 0700, never in one of the servers'
// account. Lasting files, in StateDir, outlive a reboot; all others lie in RunDir, which does
// not. Files of one database have its name before their own. A state that is missing is taken
// for the worst it could have said. A test compares this list with docs/architecture.md.
const (
	// stateTerm, lasting, is the term that this node leads: written before the first server is
	// made active, removed when the last is read-only.
	stateTerm = "term"
	// stateLatestTerm, lasting, is the latest term that this node has begun, or has read in the record,
	// and the names of those that it has begun. Data here that claims others was changed by a client.
	stateLatestTerm = "latest-term"
	// stateFollowed, lasting, says for a database that all rows here come from the source that it
	// followed last, or from a term that this node led; with a term and a beat in it, once they are beyond
	// that. Without it the next follow keeps a snapshot.
	stateFollowed = "followed"
	// stateCalledRound names the election that this node called last.
	stateCalledRound = "round"
	// stateMissedRounds counts how often other nodes have not led, or not answered.
	stateMissedRounds = "missed-rounds"
	// stateYielded names the node to which this one has left the promotion.
	stateYielded = "yielded"
	// stateNoLeader says that no node may lead, and holds the reason by which an election ended so.
	stateNoLeader = "no-leader"
	// stateNoLeaderSince says since when.
	stateNoLeaderSince = "no-leader-since"
	// stateSteppedBack says by its age when this node made itself read-only, as its term is over.
	stateSteppedBack = "stepped-back"
	// stateElection is the last election that this node held, for people.
	stateElection = "election"
	// stateElectionLost says that this node failed a promotion that another node should have.
	stateElectionLost = "election-lost"
	// stateNorthd says that the ovn-northd of this node is the agent's to end.
	stateNorthd = "northd"
	// stateUpgradeRefused names the term in which a conversion was refused, as rows do not fit, or says that
	// a server has died in one.
	stateUpgradeRefused = "upgrade-refused"
	// stateFilePosition holds, for a database, how far its file was read and the position there.
	stateFilePosition = "position"
	// stateContent holds, for a database whose data has no marker, the digest of its rows.
	stateContent = "content"
	// statePendingFollow names the promoted node that the supervisor is to follow.
	statePendingFollow = "follow"
	// stateReinit says, for a database, that an operator has it copied again, and in which term.
	stateReinit = "reinit"
	// stateLock keeps actions, and repairs of the supervisor, apart.
	stateLock = "lock"
	// statePromotion is locked by a promotion from before its term is written here until that is recorded
	// or taken back, and shared by changes beside actions that hold it off.
	statePromotion = "promotion"
	// stateSupervisorPID is locked by the supervisor while it runs.
	stateSupervisorPID = "supervisor.pid"
	// stateSupervisorState holds the supervisor's view of the cluster and its faults.
	stateSupervisorState = "supervisor.json"
	// statePoke tells the supervisor by its change that an action has changed something.
	statePoke = "poke"
	// stateBusySince says, for a database, since when the server is busy.
	stateBusySince = "busy"
	// stateReadTime says, for a database, how long its server last took to read the file.
	stateReadTime = "read-time"
	// stateLastSeen says, for a database, that its server has died and the role is left to another
	// node, and which beat was seen in it last.
	stateLastSeen = "last-seen"
	// stateOwnAddress is the address of this node from which the others replicate.
	stateOwnAddress = "own-address"
	// stateParameters holds the parameters that start or reload-agent accepted last, of those that can
	// be changed while the resource runs.
	stateParameters = "parameters"
	// stateLastMonitor says by its age when the last recurring monitor came, and holds its interval.
	stateLastMonitor = "last-monitor"
	// stateIdentity holds by which names the cluster knows this node.
	stateIdentity = "identity"
	// stateBoot identifies the boot since which the files of RunDir were written.
	stateBoot = "boot"
	// stateAnnounced and a topic say that this node has published a value.
	stateAnnounced = "said-"
)

// The directories below which each resource has its own for state that outlives a reboot, and
// for state that does not, and that of the supervisors' logs.
const (
	StateBase = "/var/lib/ovndb-servers"
	RunBase   = "/run/ovndb-servers"
	LogBase   = "/var/log/ovndb-servers"
)

// runFile returns the path of a state file that does not outlive a reboot.
func (c *Controller) runFile(kind string) string { return filepath.Join(c.RunDir, kind) }

func (c *Controller) unitFile(u Unit, kind string) string { return c.runFile(u.Name() + "." + kind) }

// lastingFile returns the path of a state file that outlives a reboot.
func (c *Controller) lastingFile(kind string) string { return filepath.Join(c.StateDir, kind) }

// prepareState creates the directories of the node's state.
func (c *Controller) prepareState() error {
	for _, directory := range []string{c.StateDir, c.RunDir} {
		if err := process.CreatePrivate(directory); err != nil {
			return err
		}
	}
	return nil
}

// warnPrivate logs that another account can change the node's state. Start refuses such a directory, but
// the parameter may have been changed since, and a probe comes before a start.
func (c *Controller) warnPrivate() {
	for _, directory := range []string{c.StateDir, c.RunDir} {
		c.warn(process.CheckPrivate(directory), "another account may have changed the state of this node: let state_dir and state_rundir name directories of root's")
	}
}

// InstancesIn returns the names of the resources whose agents keep state below a directory,
// sorted.
func InstancesIn(base string) []string {
	// The only error is a malformed pattern.
	locks, _ := filepath.Glob(filepath.Join(base, "*", stateLock))
	instances := make([]string, len(locks))
	for i, l := range locks {
		instances[i] = filepath.Base(filepath.Dir(l))
	}
	slices.Sort(instances)
	return instances
}

// followed is the note that the rows of a database are known to be elsewhere.
func (c *Controller) followed(u Unit) note {
	return note{path: c.lastingFile(u.Name() + "." + stateFollowed), lasting: true}
}

func (c *Controller) latestTerm() note {
	return note{path: c.lastingFile(stateLatestTerm), lasting: true}
}

func (c *Controller) calledRound() note { return note{path: c.runFile(stateCalledRound)} }

func (c *Controller) missedRounds() note { return note{path: c.runFile(stateMissedRounds)} }

func (c *Controller) yielded() note { return note{path: c.runFile(stateYielded)} }

func (c *Controller) noLeader() note { return note{path: c.runFile(stateNoLeader)} }

// noLeaderSince runs while there is the note noLeader.
func (c *Controller) noLeaderSince() stopwatch {
	return stopwatch{note{path: c.runFile(stateNoLeaderSince)}}
}

func (c *Controller) steppedBack() note { return note{path: c.runFile(stateSteppedBack)} }

func (c *Controller) failedPromotion() note { return note{path: c.runFile(stateElectionLost)} }

// northdNote is there while the ovn-northd of this node is the agent's to end.
func (c *Controller) northdNote() note { return note{path: c.runFile(stateNorthd)} }

func (c *Controller) upgradeRefused() note { return note{path: c.runFile(stateUpgradeRefused)} }

// pendingFollow is the note that the supervisor is to point the servers at a promoted node, by
// its name. Any later action overrides it, and after a while the supervisor learns of the
// promoted node by itself.
func (c *Controller) pendingFollow() note { return note{path: c.runFile(statePendingFollow)} }

// reinit is the note that a database is to be copied again in the term that it names.
func (c *Controller) reinit(u Unit) note { return note{path: c.unitFile(u, stateReinit)} }

func (c *Controller) ownAddress() note { return note{path: c.runFile(stateOwnAddress)} }

// announced is the note of the value that this node has published under a topic. Like the value,
// it is forgotten when the node is restarted.
func (c *Controller) announced(topic Topic) note {
	return note{path: c.runFile(stateAnnounced + string(topic))}
}

// PokeFile is written by each action after which the supervisor should look again.
func (c *Controller) PokeFile() string { return c.runFile(statePoke) }

func (c *Controller) checkpoint(u Unit) checkpoint {
	return checkpoint{note{path: c.unitFile(u, stateFilePosition)}}
}

func (c *Controller) keptContent(u Unit) keptContent {
	return keptContent{note{path: c.unitFile(u, stateContent)}}
}

// busySince runs while a server is too busy to answer. If it cannot, patience never ends; the monitor
// reports the server as busy all the while.
func (c *Controller) busySince(u Unit) stopwatch {
	return stopwatch{note{path: c.unitFile(u, stateBusySince)}}
}

func (c *Controller) readTime(u Unit) readTime {
	return readTime{note{path: c.unitFile(u, stateReadTime)}}
}

func (c *Controller) lastSeen(u Unit) note { return note{path: c.unitFile(u, stateLastSeen)} }

// ParametersIn returns the parameters that the resource whose state is in a run directory accepted last,
// as [Controller.Parameters] had them; "" if that is not known.
func ParametersIn(runDir string) string {
	return note{path: filepath.Join(runDir, stateParameters)}.read()
}

// keepParameters keeps the parameters that were accepted.
func (c *Controller) keepParameters() {
	c.warn(note{path: c.runFile(stateParameters)}.write(c.Parameters), "a later parameter that is refused does not leave these in force")
}

func (c *Controller) lastMonitor() note { return note{path: c.runFile(stateLastMonitor)} }

func (c *Controller) supervisorStateFile() string { return c.runFile(stateSupervisorState) }
