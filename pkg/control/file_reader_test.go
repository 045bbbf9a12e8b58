package control_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/snapshot"
)

// newReadPair returns a promoted node and a backup of it. Each has read its files.
func newReadPair(t *testing.T) [2]*control.Controller {
	t.Helper()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	var pair [2]*control.Controller
	for i, address := range []string{"127.0.0.1", "127.0.0.2"} {
		pair[i] = controltest.NewNode(t, c, fmt.Sprintf("node%d", i+1), address, ports)
		must(t, pair[i].Start(testContext(t)))
	}
	must(t, pair[0].Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	must(t, pair[1].Follow(testContext(t), "node1"))
	insert(t, pair[0], "first")
	wantRows(t, pair[1], "first")
	for _, c := range pair {
		must(t, c.FileReaders().Refresh(testContext(t)))
		for _, u := range c.Units {
			if _, err := os.Stat(checkpointFile(c, u)); err != nil {
				t.Fatalf("nothing was kept of what was read: %v", err)
			}
		}
	}
	return pair
}

func checkpointFile(c *control.Controller, u control.Unit) string {
	return filepath.Join(c.RunDir, u.Name()+".position")
}

// whole is a node with the same files that knows nothing of earlier reads.
func whole(t *testing.T, c *control.Controller) *control.Controller {
	t.Helper()
	other := *c
	other.RunDir = t.TempDir()
	return &other
}

func position(t *testing.T, c *control.Controller, u control.Unit) replication.Position {
	t.Helper()
	p, err := c.ReadPosition(testContext(t), u)
	must(t, err)
	return p
}

// wantWhole checks that a node finds its data where the whole files say that it is. It waits for
// records that are written meanwhile, as the beat at the end of a copy.
func wantWhole(t *testing.T, c *control.Controller, when string) {
	t.Helper()
	for _, u := range c.Units {
		var before, got, after replication.Position
		eventually(t, u.Name()+" to rest", func() bool {
			before, got, after = position(t, whole(t, c), u), position(t, c, u), position(t, whole(t, c), u)
			return before == after
		})
		if diff := cmp.Diff(after, got); diff != "" {
			t.Errorf("node %s, %s %s (-whole +from the checkpoint):\n%s", c.Node, u.Name(), when, diff)
		}
	}
}

// awaitLevel waits until a backup has all rows that the active has.
func awaitLevel(t *testing.T, pair [2]*control.Controller) {
	t.Helper()
	eventually(t, "the backup to have all", func() bool {
		return slices.Equal(rows(t, pair[0]), rows(t, pair[1]))
	})
}

func compactFile(t *testing.T, u control.Unit) {
	t.Helper()
	_, err := ovsdbctl.Unixctl{Socket: u.Server.ControlSocket}.Call(testContext(t), "ovsdb-server/compact")
	must(t, err)
}

func TestAPositionFromACheckpointIsThatOfTheWholeFileAfterEachWrite(t *testing.T) {
	t.Parallel()
	pair := newReadPair(t)
	last := position(t, pair[0], pair[0].Units[0])
	for i := range 5 {
		insert(t, pair[0], fmt.Sprintf("row-%d", i))
		now := position(t, pair[0], pair[0].Units[0])
		if now.Progress.Compare(last.Progress) <= 0 {
			t.Errorf("after %+v and a row the position is %+v", last, now)
		}
		last = now
		if i == 2 {
			beat(t, pair[0])
		}
		awaitLevel(t, pair)
		wantWhole(t, pair[0], "after a write")
		wantWhole(t, pair[1], "after a write")
	}
}

func TestAPositionFromACheckpointIsThatOfTheWholeFileAfterACompaction(t *testing.T) {
	t.Parallel()
	for _, c := range newReadPair(t) {
		for _, u := range c.Units {
			compactFile(t, u)
		}
		wantWhole(t, c, "after a compaction")
		for _, u := range c.Units {
			compactFile(t, u)
		}
		wantWhole(t, c, "after another one")
	}
}

func TestAPositionFromACheckpointIsThatOfTheWholeFileAfterAResync(t *testing.T) {
	t.Parallel()
	pair := newReadPair(t)
	for i := range 3 {
		for _, u := range pair[1].Units {
			must(t, u.Server.Follow(testContext(t), u.Endpoint.Parking(), pair[1].Listening.ReplicationProbe))
		}
		insert(t, pair[0], fmt.Sprintf("missed-%d", i))
		must(t, pair[1].Follow(testContext(t), "node1"))
		awaitLevel(t, pair)
		wantWhole(t, pair[1], "after a resync")
	}
}

func TestAPositionFromACheckpointIsThatOfTheFileThatWasPutInThePlace(t *testing.T) {
	t.Parallel()
	pair := newReadPair(t)
	u := pair[1].Units[0]
	earlier, err := os.ReadFile(u.Files.Database)
	must(t, err)
	insert(t, pair[0], "later")
	wantRows(t, pair[1], "first", "later")
	must(t, pair[1].FileReaders().Refresh(testContext(t)))
	must(t, pair[1].Stop(testContext(t)))
	later := position(t, pair[1], u)
	other, err := os.ReadFile(pair[0].Units[0].Files.Database)
	must(t, err)
	for name, content := range map[string][]byte{"an earlier copy": earlier, "the active's": other} {
		must(t, os.WriteFile(u.Files.Database, content, 0o640))
		wantWhole(t, pair[1], "with "+name+" written over it")
		must(t, os.WriteFile(u.Files.Database+".new", content, 0o640))
		must(t, os.Rename(u.Files.Database+".new", u.Files.Database))
		wantWhole(t, pair[1], "with "+name+" renamed over it")
	}
	must(t, os.WriteFile(u.Files.Database, earlier, 0o640))
	if got := position(t, pair[1], u); got.Progress.Compare(later.Progress) >= 0 {
		t.Errorf("with an earlier file the position is %+v, and was %+v", got, later)
	}
}

// That the damage is not noticed shows that only new records are read.
func TestThePartOfAFileThatACheckpointStandsForIsNotReadUntilTheCheckpointIsDropped(t *testing.T) {
	t.Parallel()
	c := newReadPair(t)[1]
	must(t, c.Stop(testContext(t)))
	before := position(t, c, c.Units[0])
	readings := c.FileReaders()
	file, err := os.OpenFile(c.Units[0].Files.Database, os.O_WRONLY, 0)
	must(t, err)
	_, err = file.WriteAt([]byte("damaged"), 200)
	must(t, errors.Join(err, file.Close()))
	if got := position(t, c, c.Units[0]); got != before {
		t.Errorf("the position is %+v, and was %+v", got, before)
	}
	must(t, readings.Refresh(testContext(t)))
	must(t, os.Remove(checkpointFile(c, c.Units[0])))
	if _, err := c.ReadPosition(testContext(t), c.Units[0]); !errors.Is(err, ovsdbfile.ErrTorn) {
		t.Errorf("without the checkpoint the error is %v, want that the file is torn", err)
	}
	if err := readings.Refresh(testContext(t)); !errors.Is(err, ovsdbfile.ErrTorn) {
		t.Errorf("whoever knew the checkpoint gets the error %v, want that the file is torn", err)
	}
}

func TestACheckpointThatIsDamagedIsReplaced(t *testing.T) {
	t.Parallel()
	c := newReadPair(t)[0]
	file := checkpointFile(c, c.Units[0])
	good, err := os.ReadFile(file)
	must(t, err)
	for name, text := range map[string]string{
		"empty": "", "half": string(good[:len(good)/2]), "no JSON": "{}}", "huge": strings.Repeat(" ", 1<<20) + string(good),
		"another beat": strings.Replace(string(good), `"ovndb-servers:beat":"`, `"ovndb-servers:beat":"9`, 1),
	} {
		must(t, os.WriteFile(file, []byte(text), 0o600))
		wantWhole(t, c, "with a damaged checkpoint: "+name)
		again, err := os.ReadFile(file)
		must(t, err)
		if string(again) == text {
			t.Errorf("the damaged checkpoint (%s) is still there", name)
		}
	}
	left, err := filepath.Glob(file + ".*")
	if err != nil || len(left) > 0 {
		t.Errorf("files were left: %q, %v", left, err)
	}
}

func TestDataThatIsUnmarkedAfterItsCheckpointIsToldApartByItsRows(t *testing.T) {
	t.Parallel()
	c := newReadPair(t)[0]
	transact(t, c, `["OVN_Northbound",{"op":"update","table":"NB_Global","where":[],"row":{"external_ids":["map",[]]}}]`)
	if got := position(t, c, c.Units[0]); got.Marked() || got.Content == "" || got.Content == "unknown" {
		t.Errorf("the position is %+v, want a digest of unmarked rows", got)
	}
	wantWhole(t, c, "without a marker")
}

func TestARestoredFileIsNotReadFromTheCheckpointOfTheOneBefore(t *testing.T) {
	t.Parallel()
	cluster, ports := controltest.NewCluster(), controltest.FreePorts(t)
	c := controltest.NewNode(t, cluster, "node1", "127.0.0.1", ports)
	must(t, c.Start(testContext(t)))
	unmarked, _, err := c.SnapshotDirectory().Take(testContext(t), snapshot.Info{
		Database: nb, File: c.Units[0].Files.Database, Why: "test", Reason: "a test",
	})
	must(t, err)
	must(t, c.Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	must(t, c.FileReaders().Refresh(testContext(t)))
	must(t, c.Stop(testContext(t)))
	restored, err := c.Restore(testContext(t), unmarked.Name)
	must(t, err)
	if restored.Position.Marked() {
		t.Errorf("the position is %+v, want that of unmarked data", restored.Position)
	}
	if _, err := os.Stat(checkpointFile(c, c.Units[0])); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the checkpoint of the file before: %v, want that it is gone", err)
	}
}
