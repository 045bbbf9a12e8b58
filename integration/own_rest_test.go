//go:build integration

package integration_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// restWatched is for how long a cluster at rest is watched, restWatchedLong in the long suite. With a beat a
// second, ovn-northd of OVN 23.03 computed everything again 34 times in 20 s.
const (
	restWatched     = 20 * time.Second
	restWatchedLong = time.Minute
)

// restBegins is how long after the last trace of a change nothing may come any more: the next beat
// is due after a second.
const restBegins = 4 * time.Second

// A cluster whose databases have no rows but the agent's is left alone. (The rows that other tests
// insert are no complete ones, which ovn-northd of OVN 25.03 looks at again without end.)
func TestClusterAtRestWritesAndComputesNothing(t *testing.T) {
	needServers(t)
	if suite.config.Suite != cluster.Bookworm {
		t.Skip("each beat was a full computation in OVN 22.03 to 23.09, which bookworm has")
	}
	ctx, c := ownCluster(t, func(config *cluster.Config) {
		config.Parameters = map[string]string{"manage_northd": "yes"}
	})
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h := hand{Cluster: c, t: t, ctx: ctx}
	h.awaitNorthd(view.Promoted())
	h.wantRest(view.Promoted())
}

// wantRest checks that a promoted node without clients' changes writes nothing: its files do not
// grow, and ovn-northd computes nothing again.
func (h hand) wantRest(active string) {
	h.t.Helper()
	var sizes string
	var since time.Time
	h.await("the beat after the last change", func(ctx context.Context) error {
		now, err := h.sizes(ctx, active)
		if err == nil && now != sizes {
			sizes, since = now, time.Now()
		}
		if quiet := time.Since(since); err == nil && quiet < restBegins {
			err = fmt.Errorf("%s for %s only", sizes, quiet)
		}
		return err
	})
	duration := restWatched
	if !testing.Short() {
		duration = restWatchedLong
	}
	before := h.recomputed(active)
	watched := time.NewTimer(duration)
	defer watched.Stop()
	<-watched.C
	recomputed := h.recomputed(active) - before
	after, err := h.sizes(h.ctx, active)
	h.check(err)
	h.t.Logf("at rest for %s, ovn-northd has computed again %d times", duration, recomputed)
	if after != sizes || recomputed > 0 {
		h.t.Errorf("at rest for %s, the files of %s went from %s to %s bytes, and ovn-northd has computed again %d times",
			duration, active, sizes, after, recomputed)
	}
}

// sizes returns the sizes of the files of a node's databases.
func (h hand) sizes(ctx context.Context, node string) (string, error) {
	var sizes []string
	for _, db := range databases() {
		size, err := h.MustExec(ctx, node, "stat", "--format=%s", db.File)
		if err != nil {
			return "", err
		}
		sizes = append(sizes, size)
	}
	return strings.Join(sizes, " and "), nil
}

// recomputed returns how often the parts of ovn-northd have computed everything again, in all.
func (h hand) recomputed(node string) int {
	h.t.Helper()
	sum, err := recomputes(h.exec(node, "ovn-appctl", "-t", "ovn-northd", "inc-engine/show-stats"))
	h.check(err)
	return sum
}

// recomputes returns the sum of the lines "- recompute: 3" of ovn-northd's inc-engine/show-stats
// (lib/inc-proc-eng.c of OVN). The lines "- compute: 5" count what it looks at because it is woken, as by
// the question itself.
func recomputes(stats string) (sum int, err error) {
	for line := range strings.Lines(stats) {
		text, found := strings.CutPrefix(strings.TrimSpace(line), "- recompute:")
		if !found {
			continue
		}
		number, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return 0, err
		}
		sum += number
	}
	return sum, nil
}

func TestRecomputesOfIncEngine(t *testing.T) {
	got, err := recomputes("Node: SB_global\n- recompute:            3\n- compute:              5\n- cancel:               0\n" +
		"Node: northd\n- recompute:            1\n- compute:              7\n- cancel:               0\n")
	if got != 4 || err != nil {
		t.Errorf("%d recomputes (%v), want 4", got, err)
	}
}
