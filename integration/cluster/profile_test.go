package cluster

import (
	"testing"
	"time"
)

// The figures are those that corosync-cmapctl shows on three nodes: token and consensus.
func TestLostNodeIsNoticedAfterTokenAndConsensus(t *testing.T) {
	t.Parallel()
	for profile, want := range map[Profile]time.Duration{
		NormalProfile: 3630 * time.Millisecond, FastProfile: 1320 * time.Millisecond, "hasty": 0,
	} {
		if got := profile.Lost(3).After(); got != want {
			t.Errorf("%s: after %s, want %s", profile, got, want)
		}
	}
	if err := (Config{Profile: "hasty"}).withDefaults().check(); err == nil {
		t.Error("a cluster of an unknown profile can be made")
	}
}
