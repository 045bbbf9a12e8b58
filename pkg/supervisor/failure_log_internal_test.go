package supervisor

import (
	"testing"
	"time"
)

func TestRepeatedFailureIsLoggedOnceAMinuteAndAnotherOneAtOnce(t *testing.T) {
	t.Parallel()
	var f failureLog
	for _, tt := range []struct {
		at      time.Duration
		failure string
		due     bool
	}{
		{at: 0, failure: "cannot beat", due: true},
		{at: time.Second, failure: "cannot beat"},
		{at: 2 * time.Second, failure: "cannot repair", due: true},
		{at: 3 * time.Second, failure: "cannot beat"},
		{at: 59 * time.Second, failure: "cannot beat"},
		{at: 60 * time.Second, failure: "cannot beat", due: true},
		{at: 61 * time.Second, failure: "cannot beat"},
		{at: 61 * time.Second, failure: "cannot repair"},
		{at: 62 * time.Second, failure: "cannot repair", due: true},
	} {
		if due := f.due(time.Unix(0, 0).Add(tt.at), tt.failure); due != tt.due {
			t.Errorf("%s after %s: due %v, want %v", tt.failure, tt.at, due, tt.due)
		}
	}
}
