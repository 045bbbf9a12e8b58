package replication

// The promotion scores. They only say whom Pacemaker should ask first; they
// lie far enough apart for an operator's location constraint to fit between.
const (
	// ScoreActive keeps the promotion where it is; see [ActiveScore].
	ScoreActive = 100_000
	// ScoreElected is for the node that an election has found to hold most.
	ScoreElected = 200
	// ScoreLastActive is for the node that led the current term to its end: no
	// other can hold more.
	ScoreLastActive = 60
	// ScoreFollowing is for a backup that replicates from the promoted node.
	ScoreFollowing = 50
	// ScoreUnproven is for current data of which no more is known.
	ScoreUnproven = 10
	// ScoreStale is for a backup that follows and has had no news for a moment, as all
	// have when the promoted node has died.
	ScoreStale = 7
	// ScoreLagging is for a backup that does not follow the promoted node, or has had no
	// news for long. Pacemaker should not even ask it while there is another: monitors
	// call it degraded, and after the coordinator has died as well Pacemaker (3.0.0) waits
	// 80 s for the end of a monitor that does.
	ScoreLagging = 5
	// ScoreBlank is for an empty database where none has ever led.
	ScoreBlank = 1
)

// The scores of active nodes lie this far apart for each term, and begin anew
// after so many: within what Pacemaker adds up (1,000,000 is infinite), and far
// enough for usual stickinesses not to matter.
const (
	scorePerTerm = 1_000
	scoreTerms   = 800
)

// ActiveScore is the score of the active node of a term. That of a later term
// is higher: when a node that led an earlier one comes back to the cluster
// unaware of its end, Pacemaker demotes that node and not its successor.
func ActiveScore(term uint64) int {
	return ScoreActive + scorePerTerm*int(term%scoreTerms)
}

// StartScore decides the promotion score of a node whose servers have just been
// started as backups; ok is false if its data may not lead.
func StartScore(node string, record *Record, held Positions) (score int, ok bool) {
	switch {
	case record == nil && held.blank():
		return ScoreBlank, true
	case record == nil:
		return ScoreUnproven, true
	case !held.Current(*record):
		return 0, false
	case record.Node == node:
		return ScoreLastActive, true
	default:
		return ScoreUnproven, true
	}
}

func (p Positions) blank() bool {
	for _, position := range p {
		if !position.Blank() {
			return false
		}
	}
	return true
}

// ScoreChange is what to do with this node's promotion score.
type ScoreChange struct {
	// Keep leaves the score as it is, if there is one; see [StartScore] for a
	// node that has none.
	Keep bool
	// Clear removes the score: this instance cannot be promoted.
	Clear bool
	Score int
}

// Score decides the promotion score of a node with verdict v. While no node is
// promoted, a backup keeps the score it earned when there was one: that is what
// tells a replica that followed to the end from one that did not.
func Score(v Verdict, leader Leader) ScoreChange {
	if v.Over {
		return ScoreChange{Clear: true}
	}
	switch v.Health {
	case HealthActive, HealthActiveDegraded:
		return ScoreChange{Score: ActiveScore(v.Term)}
	case HealthBackup, HealthBackupDegraded:
		return scoreBackup(v, leader)
	case HealthStopped, HealthFailed, HealthFailedActive:
		return ScoreChange{Clear: true}
	default:
		return ScoreChange{Clear: true}
	}
}

func scoreBackup(v Verdict, leader Leader) ScoreChange {
	switch {
	case v.Following && v.Stale:
		return ScoreChange{Score: ScoreStale}
	case v.Following:
		return ScoreChange{Score: ScoreFollowing}
	case leader.Node != "":
		return ScoreChange{Score: ScoreLagging}
	default:
		return ScoreChange{Keep: true}
	}
}
