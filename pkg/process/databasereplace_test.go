package process_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"ovndb-servers/pkg/process"
)

func TestAMissingDatabaseIsReplacedToo(t *testing.T) {
	t.Parallel()
	file := process.DatabaseFile{Path: filepath.Join(t.TempDir(), "d.db")}
	if err := file.Replace(testContext(t), opened(t, database(t, olderSchema(t)).Path), "D"); err != nil {
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
	} {
		unchanged(t, file.Path, func() {
			if err := file.Replace(testContext(t), opened(t, test.source), test.name); !errors.Is(err, test.want) {
				t.Errorf("%s: error is %v, want %v", test.source, err, test.want)
			}
		})
	}
	ended, end := context.WithCancel(testContext(t))
	end()
	unchanged(t, file.Path, func() {
		if err := file.Replace(ended, opened(t, other.Path), "D"); !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v, want that of the context", err)
		}
	})
	serve(t, file.Path)
	unchanged(t, file.Path, func() {
		if err := file.Replace(testContext(t), opened(t, other.Path), "D"); !errors.Is(err, process.ErrInUse) {
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
