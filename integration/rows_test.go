//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// keep says which acknowledged rows a fault must not lose.
type keep int

const (
	// keepOutside are the rows acknowledged before the fault began and those after the
	// writer's recovery.
	keepOutside keep = iota
	// keepReplicated are all rows but the last one before a sudden loss, which the server
	// may have acknowledged and not yet sent to its backups.
	keepReplicated
	// keepAll are all rows.
	keepAll
)

// owed returns the names of the rows that have to be there after a fault.
func owed(writer *ovsdb.Writer, kept keep, began time.Time, gap ovsdb.Gap) []string {
	var names []string
	for _, ack := range writer.Acks() {
		outside := ack.At.Before(began) || !ack.At.Before(gap.After.At)
		replicated := ack.Name != gap.Before.Name
		if kept == keepAll || kept == keepReplicated && replicated || kept == keepOutside && outside {
			names = append(names, ack.Name)
		}
	}
	return names
}

// hasRow returns an error if a node's own server does not have the row.
func hasRow(ctx context.Context, c *cluster.Cluster, node string, db ovsdb.Database, name string) error {
	return hasRows(ctx, c, node, db, []string{name})
}

// hasRows returns an error that counts the rows that a node's own server does not have.
func hasRows(ctx context.Context, c *cluster.Cluster, node string, db ovsdb.Database, names []string) error {
	present, err := c.NamesOn(ctx, node, db)
	if err != nil {
		return err
	}
	if missing := ovsdb.Missing(names, present); len(missing) > 0 {
		return fmt.Errorf("%s: %d of %d rows are not on %s, from %s to %s",
			db.Name, len(missing), len(names), node, missing[0], missing[len(missing)-1])
	}
	return nil
}

// awaitRows awaits the rows on every node.
func awaitRows(ctx context.Context, t *testing.T, c *cluster.Cluster, db ovsdb.Database, names []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, rowsTimeout)
	defer cancel()
	for _, node := range c.NodeNames() {
		err := c.AwaitThat(ctx, "the rows on "+node, func(ctx context.Context) error {
			return hasRows(ctx, c, node, db, names)
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// rowsTimeout bounds the wait for rows in a cluster that has settled: a backup that
// has missed something is repaired by the next monitor.
const rowsTimeout = 30 * time.Second

// startWriter starts a writer through the virtual IP that ends with the test, and
// waits until it has written.
func startWriter(ctx context.Context, t *testing.T, c *cluster.Cluster, db ovsdb.Database) *ovsdb.Writer {
	t.Helper()
	began := time.Now()
	writer := c.StartWriter(ctx, db, fmt.Sprintf("%s-%x", t.Name(), began.UnixNano()))
	t.Cleanup(writer.Stop)
	if _, err := writer.AwaitAck(ctx, began); err != nil {
		t.Fatal(err)
	}
	return writer
}

// A server of the active that is killed is recovered from: the writer goes on, and
// every row that was ever acknowledged is on every node in the end.
func TestServerOfActiveKilled(t *testing.T) {
	needServers(t)
	for _, db := range databases() {
		t.Run(db.Name, func(t *testing.T) {
			ctx, c := sharedCluster(t)
			writer := startWriter(ctx, t, c, db)
			view, err := c.View(ctx)
			if err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if _, err := c.Kill(ctx, view.Promoted(), db.PIDFile, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			gap, err := writer.AwaitRecovery(ctx, began)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Await(ctx, "the cluster to settle", c.Settled()); err != nil {
				t.Fatal(err)
			}
			writer.Stop()
			t.Logf("%d rows acknowledged, none for %s", len(writer.Acks()), gap.Duration().Round(time.Millisecond))
			awaitRows(ctx, t, c, db, owed(writer, keepAll, began, gap))
		})
	}
}

// A server that dies as soon as it is restarted is left to Pacemaker, to which its failure
// is reported at once: no monitor has to find it. Every row that was ever acknowledged is
// there.
func TestServerThatDiesAgainAndAgainIsLeftToPacemaker(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	needServers(t)
	ctx, c := sharedCluster(t)
	db := databases()[0]
	writer := startWriter(ctx, t, c, db)
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	node, began := view.Promoted(), time.Now()
	err = c.AwaitThat(ctx, "Pacemaker to hear of the failure", func(ctx context.Context) error {
		_, _ = c.Kill(ctx, node, db.PIDFile, syscall.SIGKILL) // it may be dead at the moment
		view, err := c.View(ctx)
		if err == nil && len(view.Failures) == 0 {
			err = errors.New("no failure")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	gap, err := writer.AwaitRecovery(ctx, began)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Await(ctx, "the cluster to settle", c.Settled()); err != nil {
		t.Fatal(err)
	}
	writer.Stop()
	awaitRows(ctx, t, c, db, owed(writer, keepAll, began, gap))
}
