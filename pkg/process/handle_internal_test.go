package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"
)

// sleeper starts a process and opens it. It ends with the test.
func sleeper(t *testing.T) (*exec.Cmd, *handle) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Wait() }) // the test's context has ended, and killed it
	opened, err := openHandle(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(opened.close)
	awaitProgram(t, opened.pid, "sleep")
	return cmd, opened
}

// awaitProgram waits until the kernel shows the name and the environment of a program that has just
// been started: [exec.Cmd.Start] returns a moment before.
func awaitProgram(t *testing.T, pid int, name string) {
	t.Helper()
	shown := func() bool {
		environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		return err == nil && len(environ) > 0 && runsProgram(pid, name)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for !shown() {
		if !pause(ctx, time.Millisecond) {
			t.Fatalf("process %d does not run %s", pid, name)
		}
	}
}

// result waits for a function that runs in the background.
func result(t *testing.T, run func() error) <-chan error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- run() }()
	return done
}

func received(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(time.Minute):
		t.Fatal("it hangs")
		return nil
	}
}

func TestWaitForALiveProcessReturnsTheContextsCause(t *testing.T) {
	t.Parallel()
	_, opened := sleeper(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	done := result(t, func() error { return opened.wait(ctx) })
	cancel(cause)
	if err := received(t, done); !errors.Is(err, cause) {
		t.Errorf("got %v", err)
	}
	if opened.ended() {
		t.Error("it has ended")
	}
}

func TestWaitForAProcessThatIsKilledReturnsNilThoughItIsAZombie(t *testing.T) {
	t.Parallel()
	cmd, opened := sleeper(t)
	done := result(t, func() error { return opened.wait(context.Background()) })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := received(t, done); err != nil {
		t.Error(err)
	}
	if !opened.ended() {
		t.Error("it has not ended")
	}
}

func TestAProcessThatWasCollectedCannotBeOpened(t *testing.T) {
	t.Parallel()
	cmd, _ := sleeper(t)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if _, err := openHandle(cmd.Process.Pid); !errors.Is(err, ErrNotRunning) {
		t.Errorf("got %v", err)
	}
}
