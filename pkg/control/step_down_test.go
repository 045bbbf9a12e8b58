package control_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// newReturnedTrio returns a cluster whose first node led, was cut off while the
// second one was promoted, and is back without knowing. The second one is demoted
// again, as a scheduler does that has not seen its score yet.
func newReturnedTrio(t *testing.T) trio {
	t.Helper()
	three := newLedTrio(t)
	insert(t, three.nodes[0], "a")
	wantRows(t, three.nodes[1], "a")
	wantRows(t, three.nodes[2], "a")
	three.cutOff(0)
	three.promote(t, 1, 0)
	insert(t, three.nodes[1], "b")
	wantRows(t, three.nodes[2], "a", "b")
	must(t, three.nodes[1].Demote(testContext(t)))
	return three
}

// newSupersededTrio returns a cluster in which the second node leads, and its first node, which led, was cut
// off meanwhile and is back without knowing.
func newSupersededTrio(t *testing.T) (three trio, returned *control.Controller) {
	t.Helper()
	three = newLedTrio(t)
	three.cutOff(0)
	three.promote(t, 1, 0)
	return three, three.nodes[0]
}

func TestABackupIsNotPointedAtAnActiveWhoseTermIsOver(t *testing.T) {
	t.Parallel()
	three := newReturnedTrio(t)
	err := three.nodes[2].Follow(testContext(t), "node1")
	refused := new(control.RefusedSourceError)
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "its term 1 is over") {
		t.Errorf("error is %v, want a refusal that says that the term is over", err)
	}
	wantRows(t, three.nodes[2], "a", "b")
}

func TestANotificationTellsAReturnedActiveThatItsTermIsOver(t *testing.T) {
	t.Parallel()
	three := newReturnedTrio(t)
	must(t, three.nodes[0].StepDownIfSuperseded(testContext(t)))
	for _, u := range three.nodes[0].Units {
		if s := status(t, u); s.Role != ovsdbctl.RoleBackup {
			t.Errorf("%s of node1 is still %s", u.Name(), s.Role)
		}
	}
	if got := three.Score("node1"); got != "" {
		t.Errorf("node1 still stands for promotion with %s", got)
	}
	must(t, three.nodes[1].StepDownIfSuperseded(testContext(t)))
	if got := three.Score("node2"); got == "" {
		t.Error("node2, whose term is current, does not stand for promotion")
	}
}

// Pacemaker has a returned active promoted until it has demoted it, which may come after its next monitor: any
// answer but 8 would count as a failure, and ban the node where migration-threshold is 1.
func TestAReturnedActiveIsAwaitingItsDemotionWhileAnotherNodeLeads(t *testing.T) {
	t.Parallel()
	three, returned := newSupersededTrio(t)
	for _, look := range []string{"that steps back", "that has stepped back"} {
		if v := returned.Monitor(testContext(t), true); !v.AwaitsDemotion {
			t.Errorf("the monitor of role Promoted %s does not await its demotion: %s %s", look, v.Health, v.Reason())
		}
		if s := status(t, returned.Units[0]); s.Role != ovsdbctl.RoleBackup {
			t.Errorf("the server is still %s", s.Role)
		}
	}
	if v := returned.Monitor(testContext(t), false); v.AwaitsDemotion {
		t.Error("a demoted instance awaits its demotion")
	}
	must(t, three.nodes[1].Stop(testContext(t)))
	if v := returned.Monitor(testContext(t), true); v.AwaitsDemotion {
		t.Error("it awaits its demotion though no other node leads: the cluster would promote none")
	}
}

// The supervisor may learn late that no other node leads any more. Then the cluster has this one promoted
// alone, and each monitor that confirms the role keeps it from promoting a node that serves.
func TestAReturnedActiveAsksTheClusterWhetherAnotherNodeLeadsStill(t *testing.T) {
	t.Parallel()
	three, returned := newSupersededTrio(t)
	returned.Monitor(testContext(t), true) // steps back
	record, err := returned.Cluster.Record(testContext(t))
	must(t, err)
	holdSupervisorPidfile(t, returned)
	must(t, returned.SaveSupervisorState(control.SupervisorState{
		Record: record, Leader: replication.Leader{Node: "node2", Sources: sourcesOf(three.Cluster, "node2")},
	}))
	if v := returned.Monitor(testContext(t), true); !v.AwaitsDemotion {
		t.Errorf("it does not await its demotion: %s %s", v.Health, v.Reason())
	}
	must(t, three.nodes[1].Stop(testContext(t)))
	if v := returned.Monitor(testContext(t), true); v.AwaitsDemotion {
		t.Error("it awaits its demotion though no other node leads")
	}
}

// While another action is under way, a returned active is made read-only and does not forget its term.
func TestAReturnedActiveThatWasMadeReadOnlyDuringAnActionIsAwaitingItsDemotion(t *testing.T) {
	t.Parallel()
	_, returned := newSupersededTrio(t)
	endAction := controltest.BeginAction(t, returned)
	for _, look := range []string{"first", "second"} {
		if v := returned.Monitor(testContext(t), true); !v.AwaitsDemotion {
			t.Errorf("the %s monitor of role Promoted during an action does not await the demotion: %s %s", look, v.Health, v.Reason())
		}
	}
	endAction()
	if v := returned.Monitor(testContext(t), true); !v.AwaitsDemotion {
		t.Errorf("the monitor of role Promoted after the action does not await the demotion: %s %s", v.Health, v.Reason())
	}
	if returned.Promoted() {
		t.Error("the node leads its term still")
	}
}

// The state directory is on a disk that takes no change: the node would await its demotion for ever.
func TestAReturnedActiveThatCannotForgetItsTermDoesNotAwaitItsDemotion(t *testing.T) {
	t.Parallel()
	_, returned := newSupersededTrio(t)
	term := filepath.Join(returned.StateDir, "term")
	must(t, os.Remove(term))
	must(t, os.MkdirAll(filepath.Join(term, "kept"), 0o700)) // it can neither be read nor removed
	for range 2 {
		if v := returned.Monitor(testContext(t), true); v.AwaitsDemotion {
			t.Errorf("it awaits its demotion: %s %s", v.Health, v.Reason())
		}
	}
}

func TestANodeThatFollowsNobodyDoesNotWaitForWhatADemotedNodeWrote(t *testing.T) {
	t.Parallel()
	three := newReturnedTrio(t)
	must(t, three.nodes[0].StepDownIfSuperseded(testContext(t)))
	err := three.nodes[0].ReceiveLast(testContext(t), []string{"node2"})
	if !errors.Is(err, control.ErrNotFollowing) {
		t.Errorf("error is %v, want that the node follows no source", err)
	}
	defer three.answerLate(t)() // after a planned demotion the notification does not wait for a call
	wantChoice(t, three.hold(t, 0), "node2", "has not seen the start of term 2")
}

// flaky is a node's place in a cluster that does not take the first position.
type flaky struct {
	control.Cluster

	failed bool
}

func (f *flaky) Publish(ctx context.Context, topic control.Topic, value string) error {
	if topic == control.TopicPosition && !f.failed {
		f.failed = true
		return errors.New("the attribute manager does not answer")
	}
	return f.Cluster.Publish(ctx, topic, value)
}

func TestAnAnswerThatFailsIsGivenAgain(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	must(t, three.nodes[0].Stop(testContext(t)))
	cluster := &flaky{Cluster: three.nodes[2].Cluster}
	three.nodes[2].Cluster = cluster
	must(t, three.hold(t, 1, 0))
	if !cluster.failed {
		t.Error("no answer has failed")
	}
}

func TestALateAnswerStillCountsForThePromotion(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	must(t, three.nodes[0].Stop(testContext(t)))
	silent := new(replication.UnansweredError)
	if err := three.nodes[1].HoldElection(testContext(t), three.electorate(0)); !errors.As(err, &silent) {
		t.Fatalf("error is %v, want a silent node", err)
	}
	must(t, three.nodes[2].AnswerElection(testContext(t), "node2"))
	must(t, three.nodes[1].Promote(testContext(t), three.electorate(0)))
}

// A node that has come back as a backup by itself is demoted by the cluster, which learns of that
// late: it goes on following.
func TestDemoteOfABackupLeavesItFollowing(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	backup := three.nodes[1]
	insert(t, three.nodes[0], "a")
	wantRows(t, backup, "a")
	before := status(t, backup.Units[0]).Source
	must(t, backup.Demote(testContext(t)))
	if s := status(t, backup.Units[0]); !s.Follows(before) {
		t.Errorf("the server is %s of %s after the demotion, want it to follow %s", s.Role, s.Source, before)
	}
}
