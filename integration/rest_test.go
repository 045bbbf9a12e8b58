//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// restWatched is for how long a cluster at rest is watched. With a beat a second, ovn-northd of OVN
// 23.03 computed everything anew 34 times in that time.
const restWatched = 20 * time.Second

// restBegins is how long after the last trace of a change nothing may come any more: the next beat
// is due after a second.
const restBegins = 4 * time.Second

// wantRest checks that a promoted node without clients' changes writes nothing: its files do not
// grow, and ovn-northd computes nothing.
func (h hand) wantRest(active string) {
	h.t.Helper()
	var before string
	var since time.Time
	h.await("the beat after the last change", func(ctx context.Context) error {
		now, err := h.traces(ctx, active)
		if err == nil && now != before {
			before, since = now, time.Now()
		}
		if quiet := time.Since(since); err == nil && quiet < restBegins {
			err = fmt.Errorf("%s for %s only", before, quiet)
		}
		return err
	})
	watched := time.NewTimer(restWatched)
	defer watched.Stop()
	<-watched.C
	after, err := h.traces(h.ctx, active)
	h.check(err)
	if after != before {
		h.t.Errorf("at rest for %s, %s has gone from %s to %s", restWatched, active, before, after)
	}
}

// traces returns what changes of the databases leave: the sizes of the files, and how often the
// parts of ovn-northd have computed something, where its version counts that.
func (h hand) traces(ctx context.Context, node string) (string, error) {
	var sizes []string
	for _, db := range databases() {
		size, err := h.MustExec(ctx, node, "stat", "--format=%s", db.File)
		if err != nil {
			return "", err
		}
		sizes = append(sizes, size)
	}
	stats, err := h.Exec(ctx, node, "ovn-appctl", "-t", "ovn-northd", "inc-engine/show-stats")
	if err != nil {
		return "", err
	}
	if stats.Code != 0 {
		return "", fmt.Errorf("inc-engine/show-stats: %s", stats)
	}
	return fmt.Sprintf("files of %v bytes, counts %v", sizes, counts(stats.Stdout)), nil
}

// counts returns the numbers of the lines "- recompute: 3", "- compute: 5" of ovn-northd's
// inc-engine/show-stats (lib/inc-proc-eng.c of OVN).
func counts(stats string) []string {
	var found []string
	for line := range strings.Lines(stats) {
		if name, number, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && strings.HasPrefix(name, "- ") {
			found = append(found, strings.TrimSpace(number))
		}
	}
	return found
}

func TestCountsOfIncEngine(t *testing.T) {
	got := counts("Node: SB_global\n- recompute:            3\n- compute:              5\n- cancel:               0\n")
	if want := "[3 5 0]"; fmt.Sprint(got) != want {
		t.Errorf("counts are %v, want %s", got, want)
	}
}
