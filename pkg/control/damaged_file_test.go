package control_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// keptText reports whether a snapshot of a node holds a text.
func keptText(t *testing.T, c *control.Controller, text string) bool {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(c.StateDir, "snapshots", "*.db"))
	must(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		must(t, err)
		if strings.Contains(string(content), text) {
			return true
		}
	}
	return false
}

func holdsText(t *testing.T, u control.Unit, text string) bool {
	t.Helper()
	content, err := os.ReadFile(u.Files.Database)
	must(t, err)
	return strings.Contains(string(content), text)
}

// From a file that is damaged in the middle: its server takes the records before as the whole, and cuts the others off
// when it writes. They can be read by a person.
func TestRecordsAfterADamagedOneAreKeptBeforeTheServerCutsThemOff(t *testing.T) {
	t.Parallel()
	t.Run("it leads", func(t *testing.T) {
		t.Parallel()
		c, u := newUnmarked(t)
		damage(t, u.Files.Database)
		must(t, c.Start(testContext(t)))
		must(t, c.Promote(testContext(t), replication.Participants{Nodes: []string{c.Node}}))
		if !holdsText(t, u, "row-2") && !keptText(t, c, "row-2") {
			t.Error("the row is neither in the file nor in a snapshot")
		}
	})
	t.Run("it follows", func(t *testing.T) {
		t.Parallel()
		c, ports := controltest.NewCluster(), controltest.FreePorts(t)
		var pair [2]*control.Controller
		for i, address := range []string{"127.0.0.1", "127.0.0.2"} {
			pair[i] = controltest.NewNode(t, c, "node"+address[len(address)-1:], address, ports)
			must(t, pair[i].Start(testContext(t)))
		}
		returning, u := pair[1], pair[1].Units[0]
		must(t, u.Server.Activate(testContext(t)))
		insert(t, returning, "row-0", "row-1", "row-2")
		must(t, returning.Stop(testContext(t)))
		must(t, pair[0].Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
		damage(t, u.Files.Database)
		must(t, returning.Start(testContext(t)))
		must(t, returning.Follow(testContext(t), "node1"))
		eventually(t, "the backup to follow", func() bool { return status(t, u).Link == "replicating" })
		eventually(t, "the copy", func() bool { return marker(t, u) != nil })
		if !holdsText(t, u, "row-2") && !keptText(t, returning, "row-2") {
			t.Error("the row is neither in the file nor in a snapshot")
		}
	})
	t.Run("the disk returns other bytes than before", func(t *testing.T) {
		t.Parallel()
		c := newStoppedNode(t)
		u := c.Units[0]
		damage(t, u.Files.Database)
		pretendUnchanged(t, checkpointFile(c, u), u.Files.Database)
		must(t, c.Start(testContext(t)))
		if !keptText(t, c, "not read before the stop") {
			t.Error("the row is in no snapshot")
		}
	})
}

// The supervisor was killed when it had started the server, and before it had kept the file.
func TestRecordsAfterADamagedOneAreKeptThoughTheRestartWasCutShort(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	damage(t, u.Files.Database)
	must(t, process.OVSDBServer(process.ServerOptions{
		Files: u.Files, DatabaseName: u.Name(), SyncFrom: u.Endpoint.Parking(), Owner: c.Owner,
	}).Start(testContext(t)))
	must(t, c.Start(testContext(t)))
	must(t, c.Promote(testContext(t), replication.Participants{Nodes: []string{c.Node}}))
	if !holdsText(t, u, "row-2") && !keptText(t, c, "row-2") {
		t.Error("the row is neither in the file nor in a snapshot")
	}
}

// A file system may have given a file its length before its content, when the power was lost.
func TestFileThatEndsInZerosIsNotKept(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	for _, rest := range []string{strings.Repeat("\x00", 8192), "rest"} {
		file, err := os.OpenFile(u.Files.Database, os.O_WRONLY|os.O_APPEND, 0)
		must(t, err)
		_, err = file.WriteString(rest)
		must(t, errors.Join(err, file.Close()))
		must(t, c.Start(testContext(t)))
		if kept := keptText(t, c, "row-2"); kept != (rest == "rest") {
			t.Errorf("after %.4q, a snapshot was kept: %v", rest, kept)
		}
		must(t, c.Stop(testContext(t)))
	}
}

// The supervisor tries twice to restart a server whose file is damaged, and no snapshot can be kept, as on a full disk.
func TestServerOfADamagedFileThatCannotBeKeptIsNotRestarted(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	damage(t, u.Files.Database)
	snapshots := filepath.Join(c.StateDir, "snapshots")
	must(t, os.WriteFile(snapshots, nil, 0o600))
	for range 2 {
		if err := c.Revive(testContext(t), nb, nil, always); err == nil {
			t.Error("the server was restarted")
		}
	}
	must(t, os.Remove(snapshots))
	must(t, c.Revive(testContext(t), nb, nil, always))
	if !keptText(t, c, "row-2") {
		t.Error("the row is in no snapshot")
	}
}
