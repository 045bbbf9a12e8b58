package process_test

import (
	"context"
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
	if err := process.WaitExit(testContext(t), pid); err != nil {
		t.Errorf("a zombie has ended, but: %v", err)
	}
	_ = cmd.Wait()
	if _, err := process.Inspect(pid); !errors.Is(err, process.ErrNotRunning) {
		t.Errorf("got %v", err)
	}
	if err := process.WaitExit(testContext(t), pid); err != nil {
		t.Error(err)
	}
}

func TestWaitExitOfLiveProcessReturnsTheContextsCause(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	pid := stranger(t).Process.Pid
	waited := make(chan error, 1)
	go func() { waited <- process.WaitExit(ctx, pid) }()
	cancel(cause)
	select {
	case err := <-waited:
		if !errors.Is(err, cause) {
			t.Errorf("got %v", err)
		}
	case <-testContext(t).Done():
		t.Error("it hangs")
	}
}

func TestWaitExitReturnsWhenTheProcessEnds(t *testing.T) {
	t.Parallel()
	cmd := stranger(t)
	waited := make(chan error, 1)
	go func() { waited <- process.WaitExit(context.Background(), cmd.Process.Pid) }()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-waited:
		if err != nil {
			t.Error(err)
		}
	case <-testContext(t).Done():
		t.Error("it hangs")
	}
}
