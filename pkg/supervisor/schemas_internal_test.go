package supervisor

import (
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// From a node that was counted out, or whose Pacemaker was restarted, while its supervisor lived: the cluster
// has forgotten what the node has published. The schemas are there again soon, as the active node waits for
// those of each member.
func TestSchemasThatTheClusterHasForgottenArePublishedAgain(t *testing.T) {
	t.Parallel()
	cluster := controltest.NewCluster()
	node := controltest.NewNode(t, cluster, "node1", "127.0.0.1", controltest.FreePorts(t))
	k := schemaKeeper{controller: node, log: node.Log}
	publish := func(now time.Time) string {
		t.Helper()
		if err := k.publish(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		return cluster.Said(control.TopicSchemas, "node1")
	}
	begin := time.Now()
	first := publish(begin)
	if first == "" {
		t.Fatal("nothing is published")
	}
	if err := node.Cluster.Publish(t.Context(), control.TopicSchemas, ""); err != nil {
		t.Fatal(err)
	}
	if said := publish(begin.Add(upgradeInterval)); said != "" {
		t.Errorf("published again at once: %q", said)
	}
	if said := publish(begin.Add(schemasRenewal)); said != first {
		t.Errorf("after %s it is %q, want %q", schemasRenewal, said, first)
	}
	if err := node.Cluster.Publish(t.Context(), control.TopicSchemas, ""); err != nil {
		t.Fatal(err)
	}
	k.announced.Store(true)
	if said := publish(begin.Add(2 * schemasRenewal)); said != "" {
		t.Errorf("published again by the clock though each loss is announced: %q", said)
	}
	if said := publish(begin.Add(schemasRenewal + restRenewal)); said != first {
		t.Errorf("after %s it is %q, want %q", restRenewal, said, first)
	}
}

// From a keeper that has published, and waits: the cluster may have lost the schemas.
func TestSchemasThatMayHaveBeenLostArePublishedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		k := schemaKeeper{lost: make(chan struct{}, 1), publishedAt: time.Now()}
		began := time.Now()
		k.await(t.Context())
		if k.publishedAt.IsZero() || time.Since(began) != upgradeInterval {
			t.Errorf("without a loss it waits %s, and publishes again: %v", time.Since(began), k.publishedAt.IsZero())
		}
		began = time.Now()
		k.lost <- struct{}{}
		k.await(t.Context())
		if !k.publishedAt.IsZero() || time.Since(began) > 0 {
			t.Errorf("after a loss it waits %s, and publishes again: %v", time.Since(began), k.publishedAt.IsZero())
		}
	})
}

// A publication that fails is repeated with the next look.
func TestSchemasThatCouldNotBePublishedAreTriedAgain(t *testing.T) {
	t.Parallel()
	cluster := controltest.NewCluster()
	node := controltest.NewNode(t, cluster, "node1", "127.0.0.1", controltest.FreePorts(t))
	k := schemaKeeper{controller: node, log: node.Log}
	cluster.Refuse("Publish")
	begin := time.Now()
	if err := k.publish(t.Context(), begin); err == nil {
		t.Error("it was not refused")
	}
	if err := k.publish(t.Context(), begin.Add(upgradeInterval)); err != nil || cluster.Said(control.TopicSchemas, "node1") == "" {
		t.Errorf("%v", err)
	}
}

// From a supervisor that publishes before its servers answer: their version follows with the next look, and
// nothing is published again while it stays the same. A server that is stopped keeps its last one.
func TestVersionsThatRunArePublishedOnceTheyAreKnown(t *testing.T) {
	t.Parallel()
	cluster := controltest.NewCluster()
	node := controltest.NewNode(t, cluster, "node1", "127.0.0.1", controltest.FreePorts(t))
	k := schemaKeeper{controller: node, log: node.Log, version: "v1"}
	now := time.Now()
	publish := func() string {
		t.Helper()
		now = now.Add(upgradeInterval)
		if err := k.publish(t.Context(), now); err != nil {
			t.Fatal(err)
		}
		return cluster.Said(control.TopicSchemas, "node1")
	}
	if got := publish(); !strings.HasSuffix(got, " ovndb-servers:v1") {
		t.Errorf("before the servers answer: %q", got)
	}
	if err := node.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := publish()
	if !regexp.MustCompile(` ovndb-servers:v1 ovsdb-server:\d+\.\d+\.\d+$`).MatchString(want) {
		t.Errorf("published is %q", want)
	}
	cluster.Refuse("Publish")
	if got := publish(); got != want {
		t.Errorf("unchanged, it is %q, want %q", got, want)
	}
	if err := node.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := k.running(t.Context()); got.String() != replication.ParseVersions(want).String() {
		t.Errorf("with the servers stopped: %v", got)
	}
}
