package snapshot_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/snapshot"
)

// changed keeps a snapshot of other content than before.
func (p place) changed(database, why string) snapshot.Info {
	p.t.Helper()
	content, err := os.ReadFile(p.file)
	if err != nil {
		p.t.Fatal(err)
	}
	p.write(string(content) + "+")
	return p.take(database, why)
}

func TestTheNewestOfEachDatabaseStay(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	other := p.take("SB", "ahead")
	p.take("NB", "ahead")
	second, third := p.changed("NB", "ahead"), p.changed("NB", "ahead")
	p.prune("NB", 2)
	if diff := cmp.Diff([]snapshot.Info{third, second, other}, p.list()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	p.prune("NB", 5)
	if names := p.left(); len(names) != 6 {
		t.Errorf("left are %v", names)
	}
}

func TestPruneWithoutASnapshotDoesNothing(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	p.prune("NB", 1)
	if _, err := os.Stat(p.state); !os.IsNotExist(err) {
		t.Errorf("the directory of the state: %v", err)
	}
}

func TestTheNewestOfEachKindOutlivesAnyNumberOfOthers(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	p.take("NB", "ahead")
	ahead, older := p.changed("NB", "ahead"), p.changed("NB", "older-term")
	var flood []snapshot.Info
	for range 12 {
		flood = append(flood, p.changed("NB", "was-active"))
		p.prune("NB", 4)
	}
	want := namesOf([]snapshot.Info{flood[11], flood[10], older, ahead})
	if diff := cmp.Diff(want, namesOf(p.list())); diff != "" {
		t.Errorf("left of a flood of another kind (-want +got):\n%s", diff)
	}
	p.prune("NB", 1)
	want = namesOf([]snapshot.Info{flood[11], older, ahead})
	if diff := cmp.Diff(want, namesOf(p.list())); diff != "" {
		t.Errorf("left where fewer are wanted than there are kinds (-want +got):\n%s", diff)
	}
}

func TestASnapshotTakenAfterOthersWithLaterTimesIsTheNewestAndStays(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	var ahead []snapshot.Info
	for range 10 { // by a clock that was far ahead
		ahead = append(ahead, p.changed("NB", "was-active"))
		p.date(&ahead[len(ahead)-1], "21260101T000000Z")
	}
	taken := p.changed("NB", "was-active")
	p.prune("NB", 10)
	all := p.list()
	if len(all) != 10 || all[0].Name != taken.Name || all[9].Name != ahead[1].Name {
		t.Errorf("%s was taken last, and left are %v", taken.Name, namesOf(all))
	}
	p.prune("NB", 1)
	if all := p.list(); len(all) != 1 || all[0].Name != taken.Name {
		t.Errorf("%s was taken last, and the only one left is %v", taken.Name, namesOf(all))
	}
}

// date gives a snapshot another time in its name.
func (p place) date(info *snapshot.Info, taken string) {
	p.t.Helper()
	before := p.Path(info.Name)
	parts := strings.Split(info.Name, ".")
	parts[2] = taken
	info.Name = strings.Join(parts, ".")
	for _, suffix := range []string{".db", ".json"} {
		if err := os.Rename(strings.TrimSuffix(before, ".db")+suffix, strings.TrimSuffix(p.Path(info.Name), ".db")+suffix); err != nil {
			p.t.Fatal(err)
		}
	}
}

func TestNumbersAreNotUsedAgainAfterOlderSnapshotsHaveGone(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	for i := range 5 {
		if info := p.changed("NB", "ahead"); info.Number != uint64(i)+1 {
			t.Errorf("%d. snapshot is %v", i+1, info)
		}
		p.prune("NB", 1)
	}
	if info := p.take("SB", "ahead"); info.Number != 1 {
		t.Errorf("the first of another database is %v", info)
	}
}

func TestNumbersOfAnyLengthOrderSnapshots(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	first := p.take("NB", "ahead")
	writeFile(t, p.Path(fmt.Sprintf("NB.%d.20200101T000000Z.ahead", 1<<40)), "much later")
	last := p.changed("NB", "ahead")
	if all := p.list(); last.Number != 1<<40+1 || all[0].Name != last.Name || all[2].Name != first.Name {
		t.Errorf("listed are %v", namesOf(all))
	}
}
