package control_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// From a backup that is fresh: a stopped node that went on saying so would stay a member of the term, and lead
// after the loss of the active with the rows that it had when it was stopped.
func TestStoppedBackupIsNotFreshAnyMore(t *testing.T) {
	t.Parallel()
	for name, happen := range map[string]func(three trio, backup *control.Controller) error{
		"the cluster refuses what the stop says": func(three trio, _ *control.Controller) error {
			for range 4 {
				three.Refuse("Publish")
			}
			return nil
		},
		"its notes in /run are gone": func(_ trio, backup *control.Controller) error {
			entries, err := os.ReadDir(backup.RunDir)
			for _, e := range entries {
				err = errors.Join(err, os.RemoveAll(backup.RunDir+"/"+e.Name()))
			}
			return err
		},
		"/run/ovndb-servers is gone": func(_ trio, backup *control.Controller) error { return os.RemoveAll(backup.RunDir) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			three := newLedTrio(t)
			own, err := three.nodes[0].OwnTerm()
			must(t, err)
			backup := three.nodes[1]
			must(t, backup.PublishFreshness(testContext(t), own.Record.TermID, true))
			must(t, happen(three, backup))
			must(t, backup.Stop(testContext(t)))
			known, err := three.nodes[0].Freshness(testContext(t), own.Record.TermID)
			must(t, err)
			if found, said := known[backup.Node]; said {
				t.Errorf("the stopped node is known with freshness %v, want none", found)
			}
			for _, topic := range []control.Topic{control.TopicPosition, control.TopicFreshness} {
				if said := three.Said(topic, backup.Node); said != "" {
					t.Errorf("the stopped node still says %q under %s", said, topic)
				}
			}
		})
	}
}

// From the promoted node whose notes in /run are gone: its address would stay published, and backups follow it.
func TestDemotedNodeWhoseNotesAreGonePublishesNoAddress(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	must(t, os.RemoveAll(three.nodes[0].RunDir))
	must(t, three.nodes[0].Demote(testContext(t)))
	if said := three.Said(control.TopicActive, "node1"); said != "" {
		t.Errorf("the demoted node publishes %s", said)
	}
	wantHealth(t, three.nodes[1], replication.HealthBackup)
}

// From a backup of which the cluster has lost the position with the end of its attribute manager: an election takes a
// node without one for one of another agent, and other backups copy at the same time. It says again what it said
// last, or what an action says at the same time.
func TestPositionThatTheClusterHasLostIsPublishedAgain(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	backup, topic := three.nodes[1], control.TopicPosition
	said := three.Said(topic, backup.Node)
	if said == "" {
		t.Fatal("the node has published no position")
	}
	lost := backup.Cluster
	must(t, lost.Publish(testContext(t), topic, ""))
	must(t, backup.RenewPosition(testContext(t)))
	if again := three.Said(topic, backup.Node); again != said {
		t.Errorf("the node says %q, and said %q", again, said)
	}
	backup.Cluster = overtakenBy{Cluster: lost, answer: func() {
		must(t, os.WriteFile(backup.RunDir+"/said-position", []byte("another answer"), 0o600))
	}}
	must(t, backup.RenewPosition(testContext(t)))
	if again := three.Said(topic, backup.Node); again != "another answer" {
		t.Errorf("the node says %q, and an action has said another answer", again)
	}
	backup.Cluster = lost
	must(t, backup.Stop(testContext(t)))
	must(t, backup.RenewPosition(testContext(t)))
	if again := three.Said(topic, backup.Node); again != "" {
		t.Errorf("the stopped node says %q", again)
	}
}

// overtakenBy is a cluster in which an action publishes another value just before one is published.
type overtakenBy struct {
	control.Cluster
	answer func()
}

func (c overtakenBy) Publish(ctx context.Context, topic control.Topic, value string) error {
	c.answer()
	return c.Cluster.Publish(ctx, topic, value)
}

// From a demoted node whose address the cluster would not take back: nothing demotes it again, and the others would
// take it for the promoted one.
func TestAddressThatADemotionCouldNotWithdrawIsWithdrawnLater(t *testing.T) {
	t.Parallel()
	three := newLedTrio(t)
	node := three.nodes[0]
	node.Cluster = keepsAddress{node.Cluster}
	must(t, node.Demote(testContext(t)))
	if three.Said(control.TopicActive, "node1") == "" {
		t.Fatal("the address was withdrawn")
	}
	if leader, err := three.nodes[1].QueryCluster(testContext(t)); err != nil || leader.Leader.Node != "node1" {
		t.Errorf("node2 takes %q for promoted: %v", leader.Leader.Node, err)
	}
	node.Cluster = node.Cluster.(keepsAddress).Cluster
	for _, look := range []string{"monitor", "supervisor"} {
		must(t, os.WriteFile(node.RunDir+"/said-active", nil, 0o600))
		must(t, node.Cluster.Publish(testContext(t), control.TopicActive, "an address"))
		if look == "monitor" {
			node.Monitor(testContext(t), false)
		} else if _, err := node.Publish(testContext(t), replication.Verdict{Health: replication.HealthBackup}, replication.Leader{}); err != nil {
			t.Error(err)
		}
		if said := three.Said(control.TopicActive, "node1"); said != "" {
			t.Errorf("%s: the node still publishes %s", look, said)
		}
	}
}

// keepsAddress is a cluster that refuses to take an address back.
type keepsAddress struct{ control.Cluster }

func (c keepsAddress) Publish(ctx context.Context, topic control.Topic, value string) error {
	if topic == control.TopicActive && value == "" {
		return controltest.ErrRefused
	}
	return c.Cluster.Publish(ctx, topic, value)
}
