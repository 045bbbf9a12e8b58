package snapshot_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ovndb-servers/pkg/process/processtest"
	"ovndb-servers/pkg/snapshot"
)

func TestASnapshotIsACopyWithADescriptionThatOnlyItsOwnerCanRead(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	if all := p.list(); len(all) > 0 {
		t.Errorf("before the first there are %v", all)
	}
	southbound, northbound := p.take("SB", "was-active"), p.take("NB", "ahead")
	if diff := cmp.Diff([]snapshot.Info{northbound, southbound}, p.list()); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	got, err := p.Find(northbound.Name)
	if err != nil {
		t.Fatal(err)
	}
	want := p.info("NB", "ahead")
	want.Number, want.SizeBytes = 1, 7
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(snapshot.Info{}, "Name", "Taken")); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got.Name, "NB.000001.") || !strings.HasSuffix(got.Name, ".ahead") || got.Taken.IsZero() {
		t.Errorf("named %q, taken %v", got.Name, got.Taken)
	}
	if copied, err := os.ReadFile(p.Path(northbound.Name)); err != nil || string(copied) != "content" {
		t.Errorf("the copy is %q, %v", copied, err)
	}
	p.wantModes()
}

// wantModes checks that only their owner can read the snapshots, of which there are two.
func (p place) wantModes() {
	p.t.Helper()
	modes := map[string]os.FileMode{p.kept(): 0o700}
	for _, name := range p.left() {
		modes[filepath.Join(p.kept(), name)] = 0o600
	}
	for path, mode := range modes {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != mode {
			p.t.Errorf("%s: %v, %v, want %v", path, info.Mode(), err, mode)
		}
	}
	if len(modes) != 5 {
		p.t.Errorf("there are %v", modes)
	}
}

func TestNothingIsKeptWhereTheStateIsNotKnown(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	for _, state := range []string{"", "relative"} {
		d := snapshot.In(state, p.databases)
		if _, _, err := d.Take(t.Context(), p.info("NB", "ahead")); !errors.Is(err, snapshot.ErrNoState) {
			t.Errorf("%q: take: %v", state, err)
		}
		if _, err := d.List(); !errors.Is(err, snapshot.ErrNoState) {
			t.Errorf("%q: list: %v", state, err)
		}
		if _, err := d.Find("NB.000001.20261122T000000Z.ahead"); !errors.Is(err, snapshot.ErrNoState) {
			t.Errorf("%q: find: %v", state, err)
		}
	}
}

func TestASnapshotWhoseDescriptionIsLostIsListedAndPrunedByItsName(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	oldest := p.take("NB", "ahead")
	torn := p.changed("NB", "ahead")
	lost := p.changed("NB", "ahead")
	huge := p.changed("NB", "ahead")
	description := func(info snapshot.Info) string { return strings.TrimSuffix(p.Path(info.Name), ".db") + ".json" }
	if err := os.Truncate(description(torn), 20); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(description(lost)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(description(huge), 1<<40); err != nil { // sparse
		t.Fatal(err)
	}
	all := p.list()
	byName := cmpopts.IgnoreFields(snapshot.Info{}, "File", "Reason", "Position") // is in the description alone
	if diff := cmp.Diff([]snapshot.Info{huge, lost, torn, oldest}, all, byName); diff != "" {
		t.Fatalf("listed (-want +got):\n%s", diff)
	}
	for _, info := range all[:3] {
		if !strings.Contains(info.Reason, "not known") {
			t.Errorf("described without a description: %v", info)
		}
	}
	p.prune("NB", 0)
	if diff := cmp.Diff([]snapshot.Info{huge}, p.list(), byName); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

func TestNoNameLeadsOutOfTheDirectory(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	p.take("NB", "ahead")
	link := "NB.000009.20261122T000000Z.link"
	if err := os.Symlink(p.file, p.Path(link)); err != nil {
		t.Fatal(err)
	}
	noNames := []string{
		"NB", "NB.000000.20261122T000000Z.a", "NB.-1.20261122T000000Z.a", "NB.9223372036854775808.20261122T000000Z.a",
		"NB.1.20261122T000000Z.a\x1b[2J", "NB.1.20261122T000000Z.", ".1.20261122T000000Z.a", "NB.1.20261322T000000Z.a", "NB.1.20261122T000000Z.a.b",
	}
	for _, name := range noNames {
		writeFile(t, p.Path(name), "content")
	}
	for _, name := range append(noNames, "", ".", "..", "../nb", "/etc/passwd", "a/b", link, "../kept/NB.1.20261122T000000Z.a") {
		if info, err := p.Find(name); !errors.Is(err, snapshot.ErrNoSnapshot) {
			t.Errorf("%q is found as %v, %v", name, info, err)
		}
	}
	if all := p.list(); len(all) != 1 {
		t.Errorf("listed are %v", all)
	}
	for _, info := range []snapshot.Info{
		{Database: "../NB", Why: "ahead"},
		{Database: "NB", Why: "a/../../b"},
		{Why: "ahead"},
		{Database: "NB", Why: "a b"},
		{Database: "NB", Why: "a\nb"},
	} {
		info.File = p.file
		if _, _, err := p.Take(t.Context(), info); !errors.Is(err, snapshot.ErrBadName) {
			t.Errorf("%v: error is %v, want ErrBadName", info, err)
		}
	}
}

func TestACopyThatIsCutShortLeavesNothingAndNoSnapshotLess(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	whole := p.take("NB", "ahead")
	before := p.left()
	p.write("other content")
	ended, end := context.WithCancel(t.Context())
	end()
	if _, _, err := p.Take(ended, p.info("NB", "ahead")); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
	missing := p.info("NB", "ahead")
	missing.File += "x"
	if _, _, err := p.Take(t.Context(), missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v, want that of the file", err)
	}
	if diff := cmp.Diff(before, p.left()); diff != "" {
		t.Errorf("left, beside %s (-want +got):\n%s", whole.Name, diff)
	}
}

func TestFilesOfAKilledAgentAreNeverListedAndRemovedByTheNextSnapshot(t *testing.T) {
	t.Parallel()
	p := newPlace(t, "content")
	whole := p.take("NB", "ahead")
	torn := p.Path("NB.000002.20261122T000000Z.torn") + ".RANDOM.tmp"
	described := filepath.Join(p.kept(), "NB.000002.20261122T000000Z.torn.json")
	others := p.Path("SB.000001.20261122T000000Z.beside") + ".RANDOM.tmp"
	for _, path := range []string{torn, described, others} {
		writeFile(t, path, "con")
	}
	if diff := cmp.Diff([]snapshot.Info{whole}, p.list()); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	p.take("NB", "was-active")
	for _, path := range []string{torn, described} {
		if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there: %v", path, err)
		}
	}
	if _, err := os.Stat(others); err != nil {
		t.Errorf("a file that may be under way for another database was removed: %v", err)
	}
	if len(p.left()) != 5 {
		t.Errorf("left are %v", p.left())
	}
}

func TestAFullDiskIsReportedWithTheRemedyAndCostsNoSnapshot(t *testing.T) {
	t.Parallel()
	p := newPlace(t, strings.Repeat("x", 40<<10))
	makeDirectory(t, p.state)
	if err := syscall.Mount("tmpfs", p.state, "tmpfs", 0, "size=64k,mode=0700"); err != nil {
		processtest.SkipWithoutRight(t, "cannot mount a file system of 64 KiB: %v", err)
	}
	// A child that another test is starting may have an open file here for a moment.
	t.Cleanup(func() { _ = syscall.Unmount(p.state, syscall.MNT_DETACH) })
	p.take("NB", "ahead")
	before := p.left()
	p.write(strings.Repeat("y", 40<<10))
	_, _, err := p.Take(t.Context(), p.info("NB", "ahead"))
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("error is %v, want ENOSPC", err)
	}
	for _, want := range []string{p.file, "the disk is full", "40960 bytes", p.kept(), "move snapshots away"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error: %v", want, err)
		}
	}
	if diff := cmp.Diff(before, p.left()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}
