package processtest_test

import (
	"testing"

	"ovndb-servers/pkg/process/processtest"
)

// outcome is a test that notes how it ends, and goes on.
type outcome struct {
	testing.TB
	end string
}

func (o *outcome) Skipf(string, ...any)  { o.end = "skipped" }
func (o *outcome) Fatalf(string, ...any) { o.end = "failed" }

func TestATestThatLacksARightIsSkippedAndFailsInCI(t *testing.T) {
	for value, want := range map[string]string{"": "skipped", "1": "failed"} {
		t.Setenv("CI_ROOT", value)
		o := &outcome{TB: t}
		processtest.SkipWithoutRight(o, "cannot mount: %v", "x")
		if o.end != want {
			t.Errorf("CI_ROOT=%s: the test is %q, want %q", value, o.end, want)
		}
	}
}
