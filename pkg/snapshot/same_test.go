package snapshot_test

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheSameContentIsKeptOnceOfEachKind(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	first := p.take("NB", "was-active")
	for range 3 {
		if again, existed := p.takeOrFind("NB", "was-active"); !existed || !cmp.Equal(first, again) {
			t.Errorf("taken again: %v, %v, want %v", again, existed, first)
		}
	}
	p.take("NB", "ahead") // each kind has its own newest
	p.take("SB", "was-active")
	if all := p.list(); len(all) != 3 {
		t.Errorf("there are %v", namesOf(all))
	}
	p.write("Content") // of the same length
	second := p.take("NB", "was-active")
	p.write("content") // as the one before the last
	third := p.take("NB", "was-active")
	if first.Number >= second.Number || second.Number >= third.Number {
		t.Errorf("numbers are %d, %d, %d", first.Number, second.Number, third.Number)
	}
}

func TestACopyThatIsDamagedOrGoneIsNoReasonNotToTakeAnother(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	first := p.take("NB", "ahead")
	writeFile(t, p.Path(first.Name), "kontent")
	second := p.take("NB", "ahead")
	if err := os.Truncate(p.Path(second.Name), 3); err != nil {
		t.Fatal(err)
	}
	third := p.take("NB", "ahead")
	if err := os.Remove(p.Path(third.Name)); err != nil {
		t.Fatal(err)
	}
	p.take("NB", "ahead")
}

func TestAnUnfinishedRecordIsNoNewContent(t *testing.T) {
	t.Parallel()
	content := string(databaseFile(t))
	p := newPlace(t, content)
	whole := p.take("OVN_Northbound", "ahead")
	p.write(content + "OVSDB JSON 100 ")
	if again, existed := p.takeOrFind("OVN_Northbound", "ahead"); !existed || again.Name != whole.Name {
		t.Errorf("taken is %v, %v, want %v", again, existed, whole)
	}
}

func TestASnapshotThatExistedOutlivesThePruningThatFollows(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	kept := p.take("NB", "ahead")
	p.changed("NB", "was-active")
	p.changed("NB", "was-active")
	p.write("content")
	if again, existed := p.takeOrFind("NB", "ahead"); !existed || again.Name != kept.Name {
		t.Fatalf("taken is %v, %v", again, existed)
	}
	p.prune("NB", 1)
	if _, err := p.Find(kept.Name); err != nil {
		t.Errorf("it is gone: %v", err)
	}
}
