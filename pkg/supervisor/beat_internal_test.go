package supervisor

import (
	"testing"
	"time"
)

func TestBeatIsDueAfterItsIntervalUpToHalfATickEarly(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{time.Second, 5 * time.Second} {
		var b beatTimer
		for _, tt := range []struct {
			at  time.Duration
			due bool
		}{
			{at: 0, due: true},
			{at: interval - 260*time.Millisecond},
			{at: interval - 240*time.Millisecond, due: true},
			{at: interval},
			{at: 2 * interval, due: true},
		} {
			if due := b.due(time.Unix(0, 0).Add(tt.at), interval); due != tt.due {
				t.Errorf("interval %s, after %s: due %v, want %v", interval, tt.at, due, tt.due)
			}
		}
	}
}
