package supervisor

import (
	"testing"
	"time"
)

func TestServerIsRestartedFiveTimesWithinAMinuteAndNeverOnceGivenUp(t *testing.T) {
	t.Parallel()
	var l restartLimit
	for _, tt := range []struct {
		at      time.Duration
		gaveUp  bool
		allowed bool
	}{
		{at: 0, allowed: true},
		{at: 10 * time.Second, allowed: true},
		{at: 20 * time.Second, allowed: true},
		{at: 30 * time.Second, allowed: true},
		{at: 40 * time.Second, allowed: true},
		{at: 59 * time.Second},
		{at: 60 * time.Second, allowed: true}, // the first is a minute ago
		{at: 69 * time.Second},
		{at: time.Hour, allowed: true},
		{at: 2 * time.Hour, gaveUp: true},
	} {
		l.gaveUp = tt.gaveUp
		if allowed := l.allow(time.Unix(0, 0).Add(tt.at)); allowed != tt.allowed {
			t.Errorf("after %s: allowed %v, want %v", tt.at, allowed, tt.allowed)
		}
	}
}

func TestRestarterThatHasGivenUpReportsItsReasonAndRestartsNothing(t *testing.T) {
	t.Parallel()
	one, other := newTestRestarter(t, "OVN_Northbound"), newTestRestarter(t, "OVN_Southbound")
	one.report("it died and is being restarted")
	if !one.restarting("OVN_Northbound") || one.restarting("OVN_Southbound") || other.restarting("OVN_Southbound") {
		t.Error("not one restarter alone is restarting its server")
	}
	one.giveUp("it died too often")
	if one.restarting("OVN_Northbound") || one.allow(time.Unix(0, 0)) {
		t.Error("the server is restarted though the restarter has given up")
	}
	reasons, gaveUp := restartReasons([]*restarter{one, other})
	if len(reasons) != 1 || reasons[0] != "it died too often" || !gaveUp {
		t.Errorf("the reasons are %q, given up: %v", reasons, gaveUp)
	}
}
