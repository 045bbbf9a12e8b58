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

	"ovndb-servers/pkg/snapshot"
)

// newFile returns a directory with a file of the given content in it.
func newFile(t *testing.T, content string) (databases, file string) {
	t.Helper()
	databases = t.TempDir()
	file = filepath.Join(databases, "nb.db")
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return databases, file
}

func take(t *testing.T, d snapshot.Directory, database, why, file string) snapshot.Info {
	t.Helper()
	info, err := d.Take(t.Context(), snapshot.Info{Database: database, File: file, Why: why, Reason: "a test of " + why, Position: "term 3 beat 7+2"})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func list(t *testing.T, d snapshot.Directory) []snapshot.Info {
	t.Helper()
	all, err := d.List()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// left lists what is in a snapshot directory.
func left(t *testing.T, databases string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(databases, snapshot.DirectoryName))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestASnapshotIsACopyWithADescription(t *testing.T) {
	t.Parallel()
	databases, file := newFile(t, "content")
	d := snapshot.In(databases)
	if all := list(t, d); len(all) > 0 {
		t.Errorf("before the first there are %v", all)
	}
	first, second := take(t, d, "NB", "ahead", file), take(t, d, "SB", "was-active", file)
	if diff := cmp.Diff([]snapshot.Info{second, first}, list(t, d)); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	got, err := d.Find(first.Name)
	if err != nil {
		t.Fatal(err)
	}
	want := snapshot.Info{Database: "NB", File: file, Why: "ahead", Reason: "a test of ahead", Position: "term 3 beat 7+2", SizeBytes: 7}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(snapshot.Info{}, "Name", "Taken")); diff != "" {
		t.Errorf("described (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got.Name, "NB.") || !strings.HasSuffix(got.Name, ".ahead") || got.Taken.IsZero() {
		t.Errorf("named %q, taken %v", got.Name, got.Taken)
	}
	if copied, err := os.ReadFile(d.Path(first.Name)); err != nil || string(copied) != "content" {
		t.Errorf("the copy is %q, %v", copied, err)
	}
}

func TestTheNewestOfEachDatabaseAreKept(t *testing.T) {
	t.Parallel()
	databases, file := newFile(t, "content")
	d := snapshot.In(databases)
	other := take(t, d, "SB", "ahead", file)
	take(t, d, "NB", "first", file)
	second, third := take(t, d, "NB", "second", file), take(t, d, "NB", "third", file)
	if err := d.Prune("NB", 2); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]snapshot.Info{third, second, other}, list(t, d)); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	if err := d.Prune("NB", 5); err != nil || len(left(t, databases)) != 6 {
		t.Errorf("left are %v, %v", left(t, databases), err)
	}
}

func TestASnapshotWhoseDescriptionIsLostIsListedAndPrunedByItsName(t *testing.T) {
	t.Parallel()
	databases, file := newFile(t, "content")
	d := snapshot.In(databases)
	torn, lost := take(t, d, "NB", "torn", file), take(t, d, "NB", "lost", file)
	if err := os.Truncate(strings.TrimSuffix(d.Path(torn.Name), ".db")+".json", 20); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(strings.TrimSuffix(d.Path(lost.Name), ".db") + ".json"); err != nil {
		t.Fatal(err)
	}
	all := list(t, d)
	if len(all) != 2 {
		t.Fatalf("listed are %v", all)
	}
	byName := cmpopts.IgnoreFields(snapshot.Info{}, "File", "Reason", "Position") // is in the description alone
	if diff := cmp.Diff([]snapshot.Info{lost, torn}, all, byName); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	if !strings.Contains(all[0].Reason, "not known") || !strings.Contains(all[1].Reason, "not known") {
		t.Errorf("listed are %v", all)
	}
	if err := d.Prune("NB", 0); err != nil || len(left(t, databases)) > 0 {
		t.Errorf("left are %v, %v", left(t, databases), err)
	}
}

func TestNoNameLeadsOutOfTheDirectory(t *testing.T) {
	t.Parallel()
	databases, file := newFile(t, "content")
	d := snapshot.In(databases)
	take(t, d, "NB", "ahead", file)
	if err := os.Symlink(file, d.Path("link")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", ".", "..", "../nb", "/etc/passwd", "a/b", ".hidden", "NB", "link"} {
		if info, err := d.Find(name); !errors.Is(err, snapshot.ErrNoSnapshot) {
			t.Errorf("%q is found as %v, %v", name, info, err)
		}
	}
	for _, info := range []snapshot.Info{{Database: "../NB", Why: "ahead"}, {Database: "NB", Why: "a/../../b"}, {Why: "ahead"}, {Database: "NB", Why: "a b"}} {
		info.File = file
		if _, err := d.Take(t.Context(), info); !errors.Is(err, snapshot.ErrBadName) {
			t.Errorf("%v: error is %v, want ErrBadName", info, err)
		}
	}
}

func TestACopyThatIsCutShortLeavesNothing(t *testing.T) {
	t.Parallel()
	databases, file := newFile(t, "content")
	d := snapshot.In(databases)
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := d.Take(ended, snapshot.Info{Database: "NB", File: file, Why: "ahead"}); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want that of the context", err)
	}
	if _, err := d.Take(t.Context(), snapshot.Info{Database: "NB", File: file + "x", Why: "ahead"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error is %v, want that of the file", err)
	}
	if names := left(t, databases); len(names) > 0 {
		t.Errorf("left are %v", names)
	}
}

func TestWhatAKilledAgentLeftIsNeverListedAndRemovedByTheNext(t *testing.T) {
	t.Parallel()
	databases, file := newFile(t, "content")
	d := snapshot.In(databases)
	whole := take(t, d, "NB", "whole", file)
	torn := d.Path("NB.20261122T000000.000000000Z.torn") + ".tmp"
	others := d.Path("SB.20261122T000000.000000000Z.beside") + ".tmp"
	for _, path := range []string{torn, others} {
		if err := os.WriteFile(path, []byte("con"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]snapshot.Info{whole}, list(t, d)); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	take(t, d, "NB", "next", file)
	if _, err := os.Stat(torn); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", torn, err)
	}
	if _, err := os.Stat(others); err != nil {
		t.Errorf("what may be under way for another database was removed: %v", err)
	}
}

func TestNoSpaceIsReportedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	databases := t.TempDir()
	if err := syscall.Mount("tmpfs", databases, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("cannot mount a file system of 64 KiB: %v", err)
	}
	// A child that another test is starting may have what is open here for a moment.
	t.Cleanup(func() { _ = syscall.Unmount(databases, syscall.MNT_DETACH) })
	_, file := newFile(t, strings.Repeat("x", 1<<20))
	_, err := snapshot.In(databases).Take(t.Context(), snapshot.Info{Database: "NB", File: file, Why: "ahead"})
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), file) {
		t.Errorf("error is %v, want ENOSPC for %s", err, file)
	}
	if names := left(t, databases); len(names) > 0 {
		t.Errorf("left are %v", names)
	}
}
