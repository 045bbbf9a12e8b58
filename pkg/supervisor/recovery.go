package supervisor

import (
	"errors"
	"fmt"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
)

const (
	// moveTime is how long clients wait when Pacemaker moves the role: 0.6 to 1 s in the benchmarks,
	// twice that on a busy cluster. The longer time is the cautious one: it favours the restart.
	moveTime = 2 * time.Second
	// restartTimeout is the least bound of a restart of an active server in place, and
	// restartMargin how much longer than predicted it may take.
	restartTimeout = 6 * time.Second
	restartMargin  = 2
	// backupTimeout and backupMargin are the same for a backup, for which no client waits: a failure
	// that is reported costs its node a stop and another start, which reads the file as well.
	backupTimeout = 20 * time.Second
	backupMargin  = 6
)

// errQuicker is why no other node is asked.
var errQuicker = errors.New("that is quicker than a move")

// recovery is the way in which a server that has died comes back, and the numbers by which it was
// chosen.
type recovery struct {
	// restart is how long a restart in place is predicted to keep clients waiting, zero if that is not
	// known; move is the same for a move of the role.
	restart control.RestartPrediction
	move    time.Duration
	// successor is the node that takes the role; empty for a restart in place.
	successor string
	// reason is why the server is restarted in place.
	reason error
}

// chooseRecovery chooses the quicker way. successor finds a node that can take the role at once, and
// is asked only if that would be quicker.
func chooseRecovery(restart control.RestartPrediction, successor func() (string, error)) recovery {
	chosen := recovery{restart: restart, move: moveTime, reason: errQuicker}
	if restart.Total() > moveTime {
		chosen.successor, chosen.reason = successor()
	}
	return chosen
}

// timeout bounds a restart: a larger file takes longer to read. The copies come after it.
func (r recovery) timeout(promoted bool) time.Duration {
	if promoted {
		return max(restartTimeout, restartMargin*r.restart.Read)
	}
	return max(backupTimeout, backupMargin*r.restart.Read)
}

// way says for the log how the server comes back.
func (r recovery) way() string {
	if r.successor != "" {
		return "leaving the role to another node, which is quicker than to restart it in place"
	}
	return "restarting it in place"
}

func (r recovery) fields() logrus.Fields {
	fields := logrus.Fields{
		"predicted_restart": rounded(r.restart.Total()), "copies": rounded(r.restart.Copies), "predicted_move": rounded(r.move),
	}
	if r.successor != "" {
		fields["to"] = r.successor
	} else {
		fields["why"] = fmt.Sprint(r.reason)
	}
	return fields
}

// rounded returns a duration as the log has it.
func rounded(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
