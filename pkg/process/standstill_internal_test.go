package process

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
	const interval = 250 * time.Millisecond
	f := standstillTimer{limit: 3 * time.Second}
	for _, tt := range []struct {
		at, waited, elapsed time.Duration // waited since the test before
		happened            Standstill
	}{
		{at: time.Hour, waited: time.Minute},
		{at: time.Hour + interval, elapsed: interval},
		{at: time.Hour + 3*time.Second, elapsed: 3*time.Second - interval},
		{at: time.Hour + 6*time.Second, elapsed: 3 * time.Second, happened: StandstillFrozen},
		{at: time.Hour + 7*time.Second, elapsed: time.Second},
		{at: time.Hour + 8*time.Second, waited: 900 * time.Millisecond, elapsed: time.Second},
		{at: time.Hour + 18*time.Second, waited: 5 * time.Second, elapsed: 10 * time.Second, happened: StandstillFrozen},
		{at: time.Hour + 28*time.Second, waited: 6 * time.Second, elapsed: 10 * time.Second, happened: StandstillStarved},
		{at: time.Hour + 38*time.Second, elapsed: 10 * time.Second, happened: StandstillFrozen},
	} {
		elapsed, happened := f.tick(standstillSample{at: tt.at, waited: f.last.waited + tt.waited})
		if elapsed != tt.elapsed || happened != tt.happened {
			t.Errorf("after %s: %s, %v, want %s, %v", tt.at, elapsed, happened, tt.elapsed, tt.happened)
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
	clock := openStandstillClock()
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
