package supervisor

import (
	"context"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestProcessWithoutATickForThreeSecondsWasFrozenUnlessItWaitedForACPU(t *testing.T) {
	t.Parallel()
	f := freezeTimer{limit: freezeLimit(0)}
	for _, tt := range []struct {
		at, waited, elapsed time.Duration // waited since the test before
		happened            standstill
	}{
		{at: time.Hour, waited: time.Minute},
		{at: time.Hour + freezeInterval, elapsed: freezeInterval},
		{at: time.Hour + 3*time.Second, elapsed: 3*time.Second - freezeInterval},
		{at: time.Hour + 6*time.Second, elapsed: 3 * time.Second, happened: standstillFrozen},
		{at: time.Hour + 7*time.Second, elapsed: time.Second},
		{at: time.Hour + 8*time.Second, waited: 900 * time.Millisecond, elapsed: time.Second},
		{at: time.Hour + 18*time.Second, waited: 5 * time.Second, elapsed: 10 * time.Second, happened: standstillFrozen},
		{at: time.Hour + 28*time.Second, waited: 6 * time.Second, elapsed: 10 * time.Second, happened: standstillStarved},
		{at: time.Hour + 38*time.Second, elapsed: 10 * time.Second, happened: standstillFrozen},
	} {
		elapsed, happened := f.tick(freezeSample{at: tt.at, waited: f.last.waited + tt.waited})
		if elapsed != tt.elapsed || happened != tt.happened {
			t.Errorf("after %s: %s, %v, want %s, %v", tt.at, elapsed, happened, tt.elapsed, tt.happened)
		}
	}
}

func TestNodeIsFrozenBeforeAFastClusterCanLeaveItOutAndNeverLaterThanByDefault(t *testing.T) {
	t.Parallel()
	for membership, want := range map[time.Duration]time.Duration{
		0: 3 * time.Second, 8 * time.Second: 3 * time.Second, 1320 * time.Millisecond: 1320 * time.Millisecond,
	} {
		f := freezeTimer{limit: freezeLimit(membership)}
		f.tick(freezeSample{at: time.Hour})
		if _, happened := f.tick(freezeSample{at: time.Hour + want - 1}); happened != standstillNone {
			t.Errorf("%s: frozen before %s", membership, want)
		}
		f.tick(freezeSample{at: 2 * time.Hour})
		if _, happened := f.tick(freezeSample{at: 2*time.Hour + want}); happened != standstillFrozen {
			t.Errorf("%s: not frozen after %s", membership, want)
		}
	}
}

func TestTimeOnARunQueueIsReadFromTheKernel(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"7405993 62646908 3\n": 62646908, "7405993": 0, "": 0, "7405993 many 3": 0,
	} {
		if got := parseSchedstat([]byte(text)); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
}

// The thread shares one CPU with a program that never rests.
func TestThreadThatSharesItsCPUHasWaitedForIt(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread() // it ends with the test, bound to its CPU
	clock := openFreezeClock()
	defer clock.close()
	if clock.schedstat == nil {
		t.Skip("the kernel does not count the waits")
	}
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	for cpu := range 1024 {
		if allowed.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	rival := exec.CommandContext(ctx, "sh", "-c", "while :; do :; done") // on the same CPU
	if err := rival.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = rival.Wait() }()
	first := clock.sample()
	for clock.sample().waited-first.waited < 20*time.Millisecond {
		if ctx.Err() != nil {
			t.Fatal("no wait was counted")
		}
	}
	if last := clock.sample(); last.at-first.at < last.waited-first.waited {
		t.Errorf("waited for %s within %s", last.waited-first.waited, last.at-first.at)
	}
}

func TestPromotedNodeDismissesItsClientsAfterAFreezeAndAsksTheClusterWhenStarved(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name             string
		promoted         bool
		happened         standstill
		dismissed, polls int
	}{
		{name: "frozen", promoted: true, happened: standstillFrozen, dismissed: 1},
		{name: "starved", promoted: true, happened: standstillStarved, polls: 1},
		{name: "in time", promoted: true},
		{name: "a frozen backup", happened: standstillFrozen},
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
