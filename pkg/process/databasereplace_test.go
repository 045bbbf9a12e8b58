package process_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/process"
)

func TestADatabaseIsReplacedByACopyThatBelongsToWhomItBelonged(t *testing.T) {
	t.Parallel()
	source, owner := database(t, olderSchema(t)), nobody(t)
	file := process.DatabaseFile{Path: filepath.Join(t.TempDir(), "d.db"), Schema: olderSchema(t), Owner: owner}
	ensure(t, file, process.OutcomeCreated)
	file.Owner = process.Owner{}
	if err := file.Replace(testContext(t), source.Path, "D"); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, file.Path); got != keptRow {
		t.Errorf("got %s", got)
	}
	info, err := os.Stat(file.Path)
	if err != nil {
		t.Fatal(err)
	}
	if stat, _ := info.Sys().(*syscall.Stat_t); int(stat.Uid) != owner.UID || int(stat.Gid) != owner.GID || info.Mode().Perm() != 0o640 {
		t.Errorf("it belongs to %d:%d, mode %v", stat.Uid, stat.Gid, info.Mode())
	}
	if diff := cmp.Diff([]string{".d.db.~lock~", "d.db"}, names(t, filepath.Dir(file.Path))); diff != "" {
		t.Error(diff)
	}
}

func TestAMissingDatabaseIsReplacedToo(t *testing.T) {
	t.Parallel()
	file := process.DatabaseFile{Path: filepath.Join(t.TempDir(), "d.db")}
	if err := file.Replace(testContext(t), database(t, olderSchema(t)).Path, "D"); err != nil {
		t.Fatal(err)
	}
	if got := rows(t, file.Path); got != keptRow {
		t.Errorf("got %s", got)
	}
}

func TestADatabaseIsNotReplacedByWhatIsNoneOrWhileItIsInUse(t *testing.T) {
	t.Parallel()
	file, other := database(t, olderSchema(t)), database(t, newerSchema(t))
	garbage := filepath.Join(t.TempDir(), "garbage")
	if err := os.WriteFile(garbage, []byte("garbage\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		source, name string
		want         error
	}{
		{garbage, "D", process.ErrDamaged},
		{other.Path, "E", process.ErrWrongDatabase},
		{filepath.Join(t.TempDir(), "nothing"), "D", os.ErrNotExist},
	} {
		unchanged(t, file.Path, func() {
			if err := file.Replace(testContext(t), test.source, test.name); !errors.Is(err, test.want) {
				t.Errorf("%s: error is %v, want %v", test.source, err, test.want)
			}
		})
	}
	ended, end := context.WithCancel(testContext(t))
	end()
	unchanged(t, file.Path, func() {
		if err := file.Replace(ended, other.Path, "D"); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want that of the context", err)
		}
	})
	serve(t, file.Path)
	unchanged(t, file.Path, func() {
		if err := file.Replace(testContext(t), other.Path, "D"); !errors.Is(err, process.ErrInUse) {
			t.Errorf("error is %v, want ErrInUse", err)
		}
	})
}

// serve runs a server of a database file until the test ends.
func serve(t *testing.T, path string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ovn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	at := func(name string) string { return filepath.Join(dir, name) }
	server := exec.CommandContext(t.Context(), "ovsdb-server", "--no-chdir", "-vconsole:off", "-vsyslog:off", "--detach",
		"--pidfile="+at("pid"), "--unixctl="+at("ctl"), "--remote=punix:"+at("sock"), path)
	if out, err := server.CombinedOutput(); err != nil { // it detaches once it serves
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		pid, err := process.Pidfile(at("pid")).Owner()
		if err != nil {
			t.Error(err)
			return
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	})
}
