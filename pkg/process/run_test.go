package process_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

func TestRunReturnsStandardOutputOnly(t *testing.T) {
	t.Parallel()
	got, err := process.Run(testContext(t), "ovsdb-tool", "compare-versions", "1.2.3", "<", "2.0.0")
	if err != nil || got != "" {
		t.Fatalf("got %q, %v", got, err)
	}
	got, err = process.Run(testContext(t), "sh", "-c", "echo out; echo err >&2; echo $LC_ALL")
	if err != nil || got != "out\nC\n" {
		t.Fatalf("got %q, %v", got, err)
	}
}

func TestRunOfFailingProgramTellsStatusAndStderr(t *testing.T) {
	t.Parallel()
	_, err := process.Run(testContext(t), "ovsdb-tool", "db-name", "/nonexistent/file")
	failure, ok := errors.AsType[*process.RunError](err)
	if !ok {
		t.Fatalf("got %v", err)
	}
	if failure.ExitCode != 1 || !strings.Contains(failure.Stderr, "/nonexistent/file") {
		t.Errorf("got %+v", failure)
	}
	if !strings.Contains(err.Error(), "ovsdb-tool db-name") || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("got text %q", err)
	}
}

func TestRunOfMissingProgramIsErrProgramMissing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"no-such-program", "/nonexistent/program", "../true", "", "/etc/passwd", "/"} {
		_, err := process.Run(testContext(t), name)
		failure, ok := errors.AsType[*process.RunError](err)
		if !ok || !errors.Is(err, process.ErrProgramMissing) || failure.ExitCode != -1 {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

func TestRunFindsSystemProgramsWithoutPath(t *testing.T) {
	t.Setenv("PATH", "relative::/nonexistent")
	if _, err := process.Run(testContext(t), "ovsdb-server", "--version"); err != nil {
		t.Error(err)
	}
}

func TestRunKillsWholeGroupWhenContextEnds(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	ctx, cancel := context.WithCancelCause(testContext(t))
	cause := errors.New("enough")
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(filepath.Join(directory, "ready")); err == nil {
				cancel(cause)
			}
		}
	}()
	_, err := process.Run(ctx, "sh", "-c", `sleep 600 & echo $! > "$0/pid"; : > "$0/ready"; wait; :`, directory)
	failure, ok := errors.AsType[*process.RunError](err)
	if !ok || !errors.Is(err, cause) || failure.ExitCode != -1 {
		t.Fatalf("got %v", err)
	}
	child := readPID(t, filepath.Join(directory, "pid"))
	processtest.AwaitEnd(t, child)
}

// longTool is a program that writes its process id to a file in directory $0 when it
// runs, and then goes on without end.
const longTool = `echo $$ > "$0/pid.new"; mv "$0/pid.new" "$0/pid"; exec sleep 600`

func TestRunOfACallerThatIsKilledLeavesNoTool(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	caller := helper(testContext(t), "run", directory)
	if err := caller.Start(); err != nil {
		t.Fatal(err)
	}
	tool := awaitPID(t, filepath.Join(directory, "pid"))
	if hasEnded(tool) {
		t.Fatal("the tool ended before its caller")
	}
	if err := caller.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = caller.Wait()
	processtest.AwaitEnd(t, tool)
}

// Threads end while the tool runs. The tool must not be killed because one of them had
// started it.
func TestRunWhileOtherThreadsEndIsNotKilled(t *testing.T) {
	t.Parallel()
	for range 20 {
		var enders sync.WaitGroup
		for range 20 {
			// Not unlocked, so that the thread ends with the goroutine.
			enders.Go(runtime.LockOSThread)
		}
		if _, err := process.Run(testContext(t), "sleep", "0.01"); err != nil {
			t.Error(err)
		}
		enders.Wait()
	}
}

// awaitPID waits for a file that holds a process id.
func awaitPID(t *testing.T, path string) int {
	t.Helper()
	eventually(t, path+" to be written", func() bool { _, err := os.Stat(path); return err == nil })
	return readPID(t, path)
}

func TestRunIsNotHeldByAnInheritedPipe(t *testing.T) {
	t.Parallel()
	directory := t.TempDir()
	done := make(chan struct{})
	var got string
	var err error
	go func() {
		defer close(done)
		got, err = process.Run(context.Background(), "sh", "-c", `sleep 600 & echo $! > "$0/pid"; echo out`, directory)
	}()
	select {
	case <-done:
	case <-testContext(t).Done():
		t.Fatal("held")
	}
	if err != nil || got != "out\n" {
		t.Errorf("got %q, %v", got, err)
	}
	if err := kill(readPID(t, filepath.Join(directory, "pid"))); err != nil {
		t.Error(err)
	}
}

func TestRunDoesNotBlockAProgramThatSaysTooMuch(t *testing.T) {
	t.Parallel()
	_, err := process.Run(testContext(t), "sh", "-c", `head -c 1000000 /dev/zero >&2; exit 3`)
	failure, ok := errors.AsType[*process.RunError](err)
	if !ok || failure.ExitCode != 3 || len(failure.Stderr) != 64<<10 {
		t.Fatalf("got %.200v", err)
	}
	if _, err := process.Run(testContext(t), "head", "-c", "100000000", "/dev/zero"); err == nil {
		t.Error("accepted truncated output")
	}
}

func TestRunWithEndedContextRunsNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), -time.Second)
	defer cancel()
	marker := filepath.Join(t.TempDir(), "ran")
	_, err := process.Run(ctx, "touch", marker)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("it ran")
	}
}

func TestRunErrorText(t *testing.T) {
	t.Parallel()
	err := &process.RunError{Program: "tool", Args: []string{"-v", "convert", "x"}, ExitCode: 1, Stderr: "a\n b\n", Err: errors.New("exit status 1")}
	if diff := cmp.Diff("cannot run tool convert: exit status 1: a b", err.Error()); diff != "" {
		t.Error(diff)
	}
}
