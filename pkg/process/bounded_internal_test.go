package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Other accounts decide how many processes there are to look at. It does so in a time that is bounded, and so not
// beside tests that start many.
func TestProcessesAreNotLookedAtBeyondTheEndOfTheContext(t *testing.T) {
	cause := errors.New("over")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	d := pidfileDaemon(Pidfile(t.TempDir()+"/pid"), ServerProgram)
	if _, err := d.find(ended); !errors.Is(err, cause) {
		t.Errorf("the search for a daemon's processes returned %v", err)
	}
	late, cancelLate := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancelLate()
	if _, err := d.find(late); err != nil {
		t.Errorf("a stop that has killed all in its last moment does not see that: %v", err)
	}
	child := exec.CommandContext(t.Context(), "sleep", "1000")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if found := children(ended, os.Getpid(), map[int]bool{}); len(found) > 0 {
		t.Errorf("%d children were looked for", len(found))
	}
	if !killTree(ended, child.Process.Pid) {
		t.Error("the first process was not killed")
	}
	_ = child.Wait() // ends, as it was killed
}
