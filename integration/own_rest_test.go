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

// restWatched is for how long a cluster at rest is watched. With a beat a second, ovn-northd of OVN
// 23.03 computed everything again 34 times in that time.
const restWatched = 20 * time.Second

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
// grow, and ovn-northd computes nothing but what the questions make it look at.
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
	before := h.computed(active)
	watched := time.NewTimer(restWatched)
	defer watched.Stop()
	<-watched.C
	computed := h.computed(active) - before
	after, err := h.sizes(h.ctx, active)
	h.check(err)
	h.t.Logf("at rest for %s, ovn-northd has computed %d times", restWatched, computed)
	if after != sizes || computed > maxComputed {
		h.t.Errorf("at rest for %s, the files of %s went from %s to %s bytes, and ovn-northd has computed %d times",
			restWatched, active, sizes, after, computed)
	}
}

// maxComputed is how often ovn-northd may compute because it was asked: each question wakes it.
const maxComputed = 5

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

// computed returns how often the part of ovn-northd has computed that has done so most.
func (h hand) computed(node string) int {
	h.t.Helper()
	most := 0
	for _, text := range counts(h.exec(node, "ovn-appctl", "-t", "ovn-northd", "inc-engine/show-stats")) {
		number, err := strconv.Atoi(text)
		h.check(err)
		most = max(most, number)
	}
	return most
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
