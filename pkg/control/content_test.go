package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// contentFile is where the digest of a database file is kept.
func contentFile(c *control.Controller, u control.Unit) string {
	return filepath.Join(c.RunDir, u.Name()+".content")
}

// newUnmarked returns a node without servers whose northbound file holds rows and no marker.
func newUnmarked(t *testing.T) (*control.Controller, control.Unit) {
	t.Helper()
	c := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, c.Start(testContext(t)))
	must(t, c.Units[0].Server.Activate(testContext(t)))
	for i := range 3 {
		insert(t, c, fmt.Sprintf("row-%d", i))
	}
	must(t, c.Stop(testContext(t)))
	return c, c.Units[0]
}

func TestUnmarkedDataIsToldApartWithoutAServer(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	got := position(t, c, u)
	if got.Marked() || len(got.Content) != 64 {
		t.Fatalf("the position is %+v, want a digest", got)
	}
	if again := position(t, whole(t, c), u); again != got {
		t.Errorf("another process has %+v, want %+v", again, got)
	}
}

// That the kept digest is another one, and used, shows that the rows are not read.
func TestRowsOfAFileAtRestAreReadOnce(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	before := position(t, c, u)
	if before.Content == "" {
		t.Fatalf("the position is %+v, want a digest, not that of the empty file before", before)
	}
	kept, err := os.ReadFile(contentFile(c, u))
	must(t, err)
	other := strings.Repeat("0", len(before.Content))
	must(t, os.WriteFile(contentFile(c, u), bytes.ReplaceAll(kept, []byte(before.Content), []byte(other)), 0o600))
	if got := position(t, c, u); got.Content != other {
		t.Errorf("a file at rest has %+v, want the digest that was kept", got)
	}
	file, err := os.OpenFile(u.Files.Database, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	_, err = file.WriteString("OVSDB JSON ") // a record that is being written
	must(t, err)
	must(t, file.Close())
	if got := position(t, c, u); got != before {
		t.Errorf("a file that has changed has %+v, want %+v", got, before)
	}
}

func TestDigestThatWasKeptDamagedIsReplaced(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	want := position(t, c, u)
	good, err := os.ReadFile(contentFile(c, u))
	must(t, err)
	for name, text := range map[string]string{
		"empty": "", "half": string(good[:len(good)/2]), "of rows without a digest": strings.Replace(string(good), want.Content, "", 1),
		"of another form": strings.Replace(string(good), `"form":1`, `"form":0`, 1), "of no file": `{"form":1,"file":"","content":{"rows":0,"digest":""}}`,
	} {
		must(t, os.WriteFile(contentFile(c, u), []byte(text), 0o600))
		if got := position(t, c, u); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if again, err := os.ReadFile(contentFile(c, u)); err != nil || string(again) != string(good) {
			t.Errorf("%s: kept is %s, %v, want %s", name, again, err, good)
		}
	}
}

// A server that starts writes nothing.
func TestServerThatIsStartedWithItsFileAsItWasDoesNotHaveItsRowsReadAgain(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	want := position(t, c, u)
	kept := changed(t, contentFile(c, u))
	must(t, c.Start(testContext(t)))
	if got, now := position(t, c, u), changed(t, contentFile(c, u)); got != want || !now.Equal(kept) {
		t.Errorf("after a start the position is %+v, want %+v; kept at %s, and before at %s", got, want, now, kept)
	}
}

// A large file has a checkpoint, which holds neither rows nor their number.
func TestStartOnALargeUnmarkedFileReadsItOnce(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	must(t, c.Start(testContext(t)))
	must(t, u.Server.Activate(testContext(t)))
	insert(t, c, strings.Repeat("x", 100_000))
	must(t, c.Stop(testContext(t)))
	want := position(t, c, u)
	var kept [2]time.Time
	for i, path := range []string{checkpointFile(c, u), contentFile(c, u)} {
		kept[i] = changed(t, path)
	}
	must(t, c.Start(testContext(t)))
	for i, path := range []string{checkpointFile(c, u), contentFile(c, u)} {
		if now := changed(t, path); !now.Equal(kept[i]) {
			t.Errorf("%s is of %s, and was of %s", path, now, kept[i])
		}
	}
	if got := position(t, c, u); got != want {
		t.Errorf("after a start the position is %+v, want %+v", got, want)
	}
}

func TestLargeUnmarkedFileHasItsRowsCountedBeforeItFollows(t *testing.T) {
	t.Parallel()
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	var pair [2]*control.Controller
	for i, address := range []string{"127.0.0.1", "127.0.0.2"} {
		pair[i] = controltest.NewNode(t, c, fmt.Sprintf("node%d", i+1), address, ports)
		must(t, pair[i].Start(testContext(t)))
	}
	must(t, pair[1].Units[0].Server.Activate(testContext(t)))
	insert(t, pair[1], strings.Repeat("x", 100_000))
	must(t, pair[1].Stop(testContext(t)))
	must(t, pair[1].Start(testContext(t)))
	if _, err := os.Stat(checkpointFile(pair[1], pair[1].Units[0])); err != nil {
		t.Errorf("nothing was kept of what was read: %v", err)
	}
	must(t, pair[0].Promote(testContext(t), replication.Participants{Nodes: []string{"node1"}}))
	must(t, pair[1].Follow(testContext(t), "node1"))
	kept, err := pair[1].SnapshotDirectory().List()
	must(t, err)
	if len(kept) != 1 || !strings.Contains(kept[0].Reason, "1 rows from before") {
		t.Errorf("the snapshots are %+v, want one of 1 row", kept)
	}
}

// writingContext is one in which a file grows whenever its end is asked for, as it is for each piece of a file
// that is read.
type writingContext struct {
	context.Context //nolint:containedctx // it is a context itself
	write           func()
}

// Err implements [context.Context].
func (c writingContext) Err() error {
	c.write()
	return c.Context.Err()
}

func TestDigestOfAFileThatIsWrittenToMeanwhileIsNotKept(t *testing.T) {
	t.Parallel()
	c, u := newUnmarked(t)
	want := position(t, c, u)
	must(t, os.Remove(contentFile(c, u)))
	file, err := os.OpenFile(u.Files.Database, os.O_APPEND|os.O_WRONLY, 0)
	must(t, err)
	defer func() { must(t, file.Close()) }()
	writing := writingContext{Context: testContext(t), write: func() {
		_, err := file.WriteString("O")
		must(t, err)
	}}
	if got, err := c.ReadPosition(writing, u); err != nil || got != want {
		t.Errorf("the position is %+v, %v, want %+v", got, err, want)
	}
	if _, err := os.Stat(contentFile(c, u)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a digest was kept: %v", err)
	}
}
