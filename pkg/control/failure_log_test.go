package control_test

import (
	"context"
	"errors"
	"testing"
	"time"

	logrustest "github.com/sirupsen/logrus/hooks/test"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

func TestRepeatedFailureIsLoggedOnceAMinuteAndAnotherOneAtOnce(t *testing.T) {
	t.Parallel()
	var f control.FailureLog
	for _, tt := range []struct {
		at      time.Duration
		failure string
		due     bool
	}{
		{at: 0, failure: "cannot beat", due: true},
		{at: time.Second, failure: "cannot beat"},
		{at: 2 * time.Second, failure: "cannot repair", due: true},
		{at: 3 * time.Second, failure: "cannot beat"},
		{at: 59 * time.Second, failure: "cannot beat"},
		{at: 60 * time.Second, failure: "cannot beat", due: true},
		{at: 61 * time.Second, failure: "cannot beat"},
		{at: 61 * time.Second, failure: "cannot repair"},
		{at: 62 * time.Second, failure: "cannot repair", due: true},
	} {
		if due := f.Due(time.Unix(0, 0).Add(tt.at), tt.failure); due != tt.due {
			t.Errorf("%s after %s: due %v, want %v", tt.failure, tt.at, due, tt.due)
		}
	}
}

// The attribute manager is away: each look tries again, and the log says so once a minute. An action, which ends,
// says it each time.
func TestFailureThatTheClusterRepeatsIsLoggedOnceByTheSupervisorAndByEachAction(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"supervisor": 1, "actions": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ports := controltest.FreePorts(t)
			node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", ports)
			if name == "supervisor" {
				defer node.KeepSessions()()
			}
			must(t, node.Start(testContext(t)))
			log, lines := logrustest.NewNullLogger()
			node.Log, node.Cluster = log, takesNoScore{node.Cluster}
			v := replication.Verdict{Health: replication.HealthBackup, Following: true}
			for range 3 {
				if _, err := node.Publish(testContext(t), v, replication.Leader{Node: "node2"}); !errors.Is(err, errTakesNoScore) {
					t.Errorf("published: %v", err)
				}
			}
			if got := len(lines.AllEntries()); got != want {
				t.Errorf("%d lines, want %d", got, want)
			}
		})
	}
}

var errTakesNoScore = errors.New("the attribute manager does not answer")

// takesNoScore is a cluster that takes no promotion score.
type takesNoScore struct{ control.Cluster }

func (takesNoScore) KeepScore(context.Context, replication.Score) error { return errTakesNoScore }
