package process_test

import (
	"errors"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
)

func TestInspectTellsStoppedFromBusyAndEnded(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "while :; do :; done")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	inspect := func() process.Activity {
		t.Helper()
		activity, err := process.Inspect(pid)
		if err != nil {
			t.Fatal(err)
		}
		return activity
	}
	first := inspect()
	eventually(t, "CPU time grows", func() bool { return inspect().CPUTime > first.CPUTime })
	if err := unix.Kill(pid, unix.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "stopped", func() bool { return inspect().Stopped })
	if err := kill(pid); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a zombie", func() bool { return inspect().Zombie })
	_ = cmd.Wait()
	if _, err := process.Inspect(pid); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
}
