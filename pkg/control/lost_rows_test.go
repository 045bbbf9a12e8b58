package control_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// newRobbedTrio returns a cluster whose first node led, was stopped as planned, and has
// lost rows when it is started again: its file was cut short, or is an earlier copy.
func newRobbedTrio(t *testing.T) trio {
	t.Helper()
	three := newLedTrio(t)
	led, file := three.nodes[0], three.nodes[0].Units[0].Files.Database
	earlier, err := os.ReadFile(file)
	must(t, err)
	insert(t, led, "a")
	must(t, led.Demote(testContext(t)))
	for _, n := range three.nodes[1:] {
		must(t, n.ReceiveLast(testContext(t), []string{led.Node}))
	}
	must(t, led.Stop(testContext(t)))
	must(t, os.WriteFile(file, earlier, 0o640))
	must(t, led.Start(testContext(t)))
	return three
}

func TestDemotedNodeThatHasLostRowsSinceLeavesThePromotionToOneThatHasThem(t *testing.T) {
	t.Parallel()
	three := newRobbedTrio(t)
	defer three.answerLate(t)() // after a planned demotion no node answers in the notification
	lost := new(replication.ElectionError)
	err := three.nodes[0].HoldElection(testContext(t), three.electorate())
	if !errors.As(err, &lost) || lost.Decision.Yield == "" {
		t.Errorf("the election ends with %v, want another node to lead", err)
	}
	if err := three.nodes[0].Promote(testContext(t), three.electorate()); !errors.As(err, &lost) {
		t.Errorf("the promotion ends with %v, want a refusal", err)
	}
	must(t, three.nodes[1].HoldElection(testContext(t), three.electorate()))
	must(t, three.nodes[1].Promote(testContext(t), three.electorate()))
	must(t, three.nodes[0].Follow(testContext(t), "node2"))
	wantRows(t, three.nodes[0], "a")
}

func TestDemotedNodeThatHasLostRowsSinceDoesNotLeadAloneUnlessBlessed(t *testing.T) {
	t.Parallel()
	three := newRobbedTrio(t)
	for _, n := range three.nodes[1:] {
		must(t, n.Stop(testContext(t)))
	}
	for _, action := range []func() error{
		func() error { return three.hold(t, 0, 1, 2) },
		func() error { return three.nodes[0].Promote(testContext(t), three.electorate(1, 2)) },
	} {
		lost := new(replication.ElectionError)
		if err := action(); !errors.As(err, &lost) || !strings.Contains(err.Error(), "ovndb-servers bless") {
			t.Errorf("it ends with %v, want a refusal that names the way out", err)
		}
	}
	must(t, three.nodes[0].Bless(testContext(t), "the others burned"))
	three.promote(t, 0, 1, 2)
}

// A server of the promoted node has died, and its file is an earlier copy: it is not made
// active again, and when the node is demoted, it cannot say where its data ended.
func TestDemotedNodeWhoseServerHadDiedWithAnEarlierFileLeavesThePromotionToAnother(t *testing.T) {
	t.Parallel()
	three, earlier := newTrioWithAnEarlierFile(t)
	led, u := three.nodes[0], three.nodes[0].Units[0]
	seen := led.Markers(testContext(t), led.Observe(testContext(t), led.LiveView()).Servers)[u.Name()]
	must(t, process.Kill(testContext(t), process.Pidfile(u.Files.Pidfile), "ovsdb-server"))
	must(t, os.WriteFile(u.Files.Database, earlier, 0o640))
	if err := led.Revive(testContext(t), u.Name(), seen, always); !errors.Is(err, control.ErrRowsLost) {
		t.Fatalf("the restart in place ends with %v, want %v", err, control.ErrRowsLost)
	}
	three.wantLossKnown(t)
}

// newTrioWithAnEarlierFile returns the content that the first node's file had before the last row,
// which all nodes have.
func newTrioWithAnEarlierFile(t *testing.T) (three trio, earlier []byte) {
	t.Helper()
	three = newLedTrio(t)
	led := three.nodes[0]
	earlier, err := os.ReadFile(led.Units[0].Files.Database)
	must(t, err)
	insert(t, led, "a")
	beat(t, led)
	wantRows(t, three.nodes[1], "a")
	wantRows(t, three.nodes[2], "a")
	return three, earlier
}

// wantLossKnown restarts the first node, which led, as the cluster does, and checks that
// another one is chosen.
func (three trio) wantLossKnown(t *testing.T) {
	t.Helper()
	led := three.nodes[0]
	must(t, led.Demote(testContext(t)))
	for _, n := range three.nodes[1:] {
		must(t, n.ReceiveLast(testContext(t), []string{led.Node}))
	}
	must(t, led.Stop(testContext(t)))
	must(t, led.Start(testContext(t)))
	lost := new(replication.ElectionError)
	if err := three.hold(t, 0); !errors.As(err, &lost) || lost.Decision.Yield == "" {
		t.Errorf("the election ends with %v, want another node to lead", err)
	}
	three.promote(t, 1)
	wantRows(t, led, "a")
}
