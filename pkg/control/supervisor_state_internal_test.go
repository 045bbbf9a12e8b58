package control

import (
	"os"
	"testing"
	"time"
)

func TestStateThatIsAsItWasOnlyBecomesYoungAgain(t *testing.T) {
	t.Parallel()
	c := &Controller{RunDir: t.TempDir()}
	path := c.supervisorStateFile()
	old := time.Now().Add(-time.Hour)
	saved := func(state SupervisorState) os.FileInfo {
		t.Helper()
		must(t, c.SaveSupervisorState(state))
		info, err := os.Stat(path)
		must(t, err)
		if time.Since(info.ModTime()) > time.Minute {
			t.Errorf("the state is %s old, want it young", time.Since(info.ModTime()))
		}
		must(t, os.Chtimes(path, old, old))
		return info
	}
	first := saved(SupervisorState{Config: "a"})
	if again := saved(SupervisorState{Config: "a"}); !os.SameFile(first, again) {
		t.Error("a state that has not changed was written again")
	}
	if changed := saved(SupervisorState{Config: "b"}); os.SameFile(first, changed) {
		t.Error("a state that has changed was not written")
	}
	must(t, os.Remove(path))
	saved(SupervisorState{Config: "b"})
}
