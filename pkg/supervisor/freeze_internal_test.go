package supervisor

import (
	"context"
	"testing"
	"time"

	"ovndb-servers/pkg/process"
)

func TestNodeIsFrozenBeforeAFastClusterCanLeaveItOutAndNeverLaterThanByDefault(t *testing.T) {
	t.Parallel()
	for membership, want := range map[time.Duration]time.Duration{
		0: 3 * time.Second, 8 * time.Second: 3 * time.Second, 1320 * time.Millisecond: 1320 * time.Millisecond,
	} {
		if limit := freezeLimit(membership); limit != want {
			t.Errorf("%s: frozen after %s, want %s", membership, limit, want)
		}
	}
}

func TestPromotedNodeDismissesItsClientsAfterAFreezeAndAsksTheClusterWhenStarved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		promoted         bool
		happened         process.Standstill
		dismissed, polls int
	}{
		{name: "frozen", promoted: true, happened: process.StandstillFrozen, dismissed: 1},
		{name: "starved", promoted: true, happened: process.StandstillStarved, polls: 1},
		{name: "in time", promoted: true},
		{name: "a frozen backup", happened: process.StandstillFrozen},
	} {
		frozen, dismissed, polls := make(chan time.Duration, 1), 0, 0
		freezeDetector{
			log: newTestRestarter(t, "").log, promoted: func() bool { return tt.promoted }, frozen: frozen,
			closeListeners: func(context.Context) error { dismissed++; return nil }, poll: func() { polls++ },
		}.react(t.Context(), 4*time.Second, tt.happened)
		if dismissed != tt.dismissed || polls != tt.polls || len(frozen) != tt.dismissed {
			t.Errorf("%s: dismissed %d times, polled %d times, reported %d times", tt.name, dismissed, polls, len(frozen))
		}
	}
}

func TestDetectorOfFreezesEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		freezeDetector{log: newTestRestarter(t, "").log}.run(ctx)
		close(ended)
	}()
	cancel()
	<-ended
}
