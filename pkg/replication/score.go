package replication

import "strconv"

// Score is a promotion score. It only says whom Pacemaker should ask first.
type Score int

// ScoreInfinity is infinite for Pacemaker: larger sums are cut down to it.
const ScoreInfinity Score = 1_000_000

// The promotion scores lie far enough apart for an operator's location constraint to fit
// between.
const (
	// ScoreNever keeps the role away for as long as it is set, whatever constraints add: it is
	// for a node that leaves the promotion to another one.
	ScoreNever = -ScoreInfinity
	// ScoreActive keeps the promotion where it is; see [ActiveScore].
	ScoreActive Score = 100_000
	// ScoreElected is for the node that an election has found to hold most.
	ScoreElected Score = 200
	// ScoreLastActive is for the node that led the current term, or data that holds its end: no
	// other can hold more.
	ScoreLastActive Score = 60
	// ScoreFollowing is for a backup that replicates from the promoted node.
	ScoreFollowing Score = 50
	// ScoreUnproven is for current data of which no more is known.
	ScoreUnproven Score = 10
	// ScoreStale is for a backup that follows and has had no news for a moment, as all
	// have when the promoted node has died.
	ScoreStale Score = 7
	// ScoreBehind is for data that was behind, and that may lead as no other has for long.
	ScoreBehind Score = 5
	// ScoreBlank is for an empty database where none has ever led.
	ScoreBlank Score = 1
	// ScoreLagging is for a backup that does not follow the promoted node, or has had no
	// news for long. Pacemaker should not ask it before it has found out, without a promoted node, that it may
	// lead: monitors call it degraded, and if the promoted node was the coordinator as well, Pacemaker (2.1.5, 3.0.0)
	// waits 80 s for the end of a monitor that does, where it means to promote the instance.
	ScoreLagging Score = -1
)

// String returns the score as Pacemaker's tools spell it.
func (s Score) String() string {
	switch {
	case s >= ScoreInfinity:
		return "INFINITY"
	case s <= -ScoreInfinity:
		return "-INFINITY"
	default:
		return strconv.Itoa(int(s))
	}
}

// The scores of active nodes grow by stepOfTerm for each of the first termsOfStep terms, by half
// of that for as many terms again as there were, and so on: the scores of the first terms lie
// apart by more than usual constraints, and those of the first 300,000 differ at all.
const (
	stepOfTerm     = 250
	termsOfStep    = 512
	maxActiveScore = 900_000 // constraints are added before Pacemaker cuts the sum down
)

// ActiveScore is the score of the active node of a term. That of a later term is higher, or the
// same after very many terms, and never lower: when a node that led an earlier one comes back
// to the cluster unaware of its end, Pacemaker demotes that node and not its successor.
func ActiveScore(term uint64) Score {
	score, from, until, step := uint64(ScoreActive), uint64(0), uint64(termsOfStep), uint64(stepOfTerm)
	for term > until && step > 1 {
		score += (until - from) * step
		from, until, step = until, until*2, step/2
	}
	return Score(min(score+min(term-from, maxActiveScore)*step, maxActiveScore))
}

// StartScore decides the promotion score of a node whose servers run as backups while no node
// leads; ok is false if its data may not lead.
func StartScore(node string, record *Record, held Positions) (score Score, ok bool) {
	switch {
	case record == nil && held.blank():
		return ScoreBlank, true
	case record == nil, held.Term() > record.Term:
		return ScoreUnproven, true // the election finds out which term is the latest
	case record.Bars(node, held) != "":
		return 0, false
	case record.Node == node, len(record.End) > 0:
		return ScoreLastActive, true
	default:
		return ScoreUnproven, true
	}
}

// ScoreChange is the change to make to this node's promotion score.
type ScoreChange struct {
	// Keep leaves the score as it is, if there is one; see [StartScore] for a
	// node that has none.
	Keep bool
	// Clear removes the score: this instance cannot be promoted.
	Clear bool
	Score Score
}

// DecideScore decides the promotion score of a node with verdict v. While no node is
// promoted, a backup keeps the score it earned when there was one: that
// tells a replica that followed to the end from one that did not. Yielding says that the node
// has left the promotion to another one, and still waits for that.
func DecideScore(v Verdict, leader Leader, yielding bool) ScoreChange {
	switch v.Health {
	case HealthActive, HealthActiveDegraded:
		// An action gives the score that goes with its term.
		return ScoreChange{Keep: v.Term == 0, Score: ActiveScore(v.Term)}
	case HealthBackup, HealthBackupDegraded:
		return scoreBackup(v, leader, yielding)
	case HealthStopped, HealthFailed, HealthFailedActive:
		return ScoreChange{Clear: true}
	default:
		return ScoreChange{Clear: true}
	}
}

func scoreBackup(v Verdict, leader Leader, yielding bool) ScoreChange {
	switch {
	case v.Over, v.Barred:
		return ScoreChange{Clear: true}
	case yielding && leader.Node == "":
		return ScoreChange{Score: ScoreNever}
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
