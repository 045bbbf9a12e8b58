package supervisor

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
)

// fakeKeys is the files for TLS of a node.
type fakeKeys struct {
	stamp  string
	faults []string
	checks int
}

func (k *fakeKeys) KeyStamp() string { return k.stamp }

func (k *fakeKeys) KeyFaults(context.Context, time.Time) []string {
	k.checks++
	return k.faults
}

func TestFilesForTLSAreCheckedWhenTheyChangeHourlyAndEachMinuteWhileSomethingIsWrong(t *testing.T) {
	t.Parallel()
	keys := &fakeKeys{stamp: "first"}
	log := logrus.New()
	log.SetOutput(io.Discard)
	w := &keyWatcher{node: keys, log: log}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, step := range []struct {
		at     time.Duration
		stamp  string
		faults []string
		checks int // in all
	}{
		{at: 0, stamp: "first", checks: 1},
		{at: 10 * time.Second, stamp: "first", checks: 1},
		{at: 59 * time.Minute, stamp: "first", checks: 1},
		{at: 60 * time.Minute, stamp: "first", checks: 2},
		{at: 61 * time.Minute, stamp: "second", faults: []string{"expired"}, checks: 3},
		{at: 61*time.Minute + 50*time.Second, stamp: "second", faults: []string{"expired"}, checks: 3},
		{at: 62 * time.Minute, stamp: "second", faults: []string{"expired"}, checks: 4},
		{at: 63 * time.Minute, stamp: "second", checks: 5},
		{at: 65 * time.Minute, stamp: "second", checks: 5},
	} {
		keys.stamp, keys.faults = step.stamp, step.faults
		w.look(t.Context(), start.Add(step.at))
		if keys.checks != step.checks {
			t.Fatalf("after %s: %d checks, want %d", step.at, keys.checks, step.checks)
		}
		if got := w.reasons(); !slices.Equal(got, step.faults) {
			t.Errorf("after %s: reasons %q, want %q", step.at, got, step.faults)
		}
	}
}

func TestWithoutAWatcherFilesForTLSGiveNoReasons(t *testing.T) {
	t.Parallel()
	var w *keyWatcher
	if got := w.reasons(); got != nil {
		t.Errorf("got %q", got)
	}
}
