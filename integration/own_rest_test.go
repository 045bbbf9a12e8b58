//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// restWatched is for how long a cluster at rest is watched. With a beat a second, ovn-northd of OVN
// 23.03 computed everything again 100 times in that time.
const restWatched = time.Minute

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
// grow, and ovn-northd finds nothing to compute. Its log counts that: inc-engine/show-stats also counts
// looks that find nothing, which each question is, and there is one after 30 s without work.
func (h hand) wantRest(active string) {
	h.t.Helper()
	h.exec(active, "ovn-appctl", "-t", "ovn-northd", "vlog/set", "inc_proc_eng:file:dbg")
	h.exec(active, "ovn-nbctl", "set", "NB_Global", ".", "external_ids:at-rest=soon") // a line for the count
	var files string
	var since time.Time
	h.await("the beat after the last change", func(ctx context.Context) error {
		now, err := h.sizes(ctx, active)
		if err == nil && now != files {
			files, since = now, time.Now()
		}
		if quiet := time.Since(since); err == nil && quiet < restBegins {
			err = fmt.Errorf("%s for %s only", files, quiet)
		}
		return err
	})
	before := h.computed(active)
	watched := time.NewTimer(restWatched)
	defer watched.Stop()
	<-watched.C
	after, err := h.sizes(h.ctx, active)
	h.check(err)
	if computed := h.computed(active) - before; after != files || computed > 0 {
		h.t.Errorf("at rest for %s, the files of %s went from %s to %s bytes, and ovn-northd has computed %d parts",
			restWatched, active, files, after, computed)
	}
	h.exec(active, "ovn-nbctl", "set", "NB_Global", ".", "external_ids:at-rest=no")
	h.await("ovn-northd to compute a change", func(context.Context) error {
		if h.computed(active) == before {
			return errors.New("the log counts nothing")
		}
		return nil
	})
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

// computed returns how many parts ovn-northd has computed with a new result, by its log
// (engine_set_node_state in lib/inc-proc-eng.c of OVN).
func (h hand) computed(node string) int {
	h.t.Helper()
	text := h.exec(node, "grep", "--count", "inc_proc_eng|DBG.*new_state Updated", "/var/log/ovn/ovn-northd.log")
	number, err := strconv.Atoi(strings.TrimSpace(text))
	h.check(err)
	return number
}
