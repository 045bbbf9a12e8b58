package replication

// The promotion scores. They only say whom Pacemaker should ask first; they
// lie far enough apart for an operator's location constraint to fit between.
const (
	// ScoreActive keeps the promotion where it is.
	ScoreActive = 100
	// ScoreFollowing is for a backup that replicates from the promoted node.
	ScoreFollowing = 50
	// ScoreUnproven is for data of which nothing is known since the start.
	ScoreUnproven = 10
	// ScoreLagging is for a backup that does not follow the promoted node.
	ScoreLagging = 5
	// ScoreBlank is for a database that has just been created empty.
	ScoreBlank = 1
)

// ScoreChange is what to do with this node's promotion score.
type ScoreChange struct {
	// Keep leaves the score as it is, if there is one; Score is then for a node
	// that has none.
	Keep bool
	// Clear removes the score: this instance cannot be promoted.
	Clear bool
	Score int
}

// Score decides the promotion score of a node with verdict v. While no node is
// promoted, a backup keeps the score it earned when there was one: that is what
// tells a replica that followed to the end from one that did not.
func Score(v Verdict, leader Leader) ScoreChange {
	switch v.Health {
	case HealthActive, HealthActiveDegraded:
		return ScoreChange{Score: ScoreActive}
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
	case v.Following:
		return ScoreChange{Score: ScoreFollowing}
	case leader.Node != "":
		return ScoreChange{Score: ScoreLagging}
	default:
		return ScoreChange{Keep: true, Score: ScoreUnproven}
	}
}
