package supervisor

import (
	"testing"
	"time"
)

func TestProcessWithoutATickForThreeSecondsWasFrozen(t *testing.T) {
	t.Parallel()
	var f freezeTimer
	for _, tt := range []struct {
		at, frozenFor time.Duration
		frozen        bool
	}{
		{at: time.Hour},
		{at: time.Hour + freezeInterval, frozenFor: freezeInterval},
		{at: time.Hour + 3*time.Second, frozenFor: 3*time.Second - freezeInterval},
		{at: time.Hour + 6*time.Second, frozenFor: 3 * time.Second, frozen: true},
		{at: time.Hour + 7*time.Second, frozenFor: time.Second},
	} {
		frozenFor, frozen := f.tick(time.Unix(0, 0).Add(tt.at))
		if frozenFor != tt.frozenFor || frozen != tt.frozen {
			t.Errorf("after %s: %s, frozen %v, want %s, %v", tt.at, frozenFor, frozen, tt.frozenFor, tt.frozen)
		}
	}
}
