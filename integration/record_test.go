//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
)

// onNode2 is a word by which a call's arguments say that it is node2's.
const onNode2 = "by-node2"

// shim runs a tool of Pacemaker in a node: in node2 if its arguments say so, else in node1. It
// counts its calls by the lines of a file.
const shim = `#!/bin/sh
case "$*" in *` + onNode2 + `*) node=%[2]s ;; *) node=%[1]s ;; esac
echo >> "${0%%/*}/calls"
exec docker exec --env LC_ALL=C "$node" "${0##*/}" "$@"
`

// useToolsOf makes this process use Pacemaker's tools in the cluster's nodes, and returns the
// file with a line for each call.
func useToolsOf(t *testing.T, c *cluster.Cluster) (calls string) {
	t.Helper()
	directory := t.TempDir()
	nodes := c.Nodes()
	script := fmt.Sprintf(shim, nodes[0].Container, nodes[1].Container)
	for _, tool := range []string{"attrd_updater", "cibadmin", "crm_attribute", "crm_mon", "crm_node", "crm_resource"} {
		if err := os.WriteFile(filepath.Join(directory, tool), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	return filepath.Join(directory, "calls")
}

func TestRecordOfRealClustersIsSwapped(t *testing.T) {
	ctx, c := sharedCluster(t)
	calls := useToolsOf(t, c)
	removeRecords(ctx, t, c)
	t.Run("TheFirstOfACluster", func(t *testing.T) {
		r := pacemaker.Resource{Instance: "first"}
		mustRecord(ctx, t, r, "")
		mustSwap(ctx, t, r, "", "1 a node1")
	})
	t.Run("TheFirstBesideThatOfAnotherResourceWhichStaysAsItIs", func(t *testing.T) {
		mustSwap(ctx, t, pacemaker.Resource{Instance: "second"}, "", "1 b node1")
		mustRecord(ctx, t, pacemaker.Resource{Instance: "first"}, "1 a node1")
	})
	t.Run("NotIfItHasChanged", func(t *testing.T) {
		r := pacemaker.Resource{Instance: "late"}
		mustSwap(ctx, t, r, "", "1 a node1")
		mustSwap(ctx, t, r, "1 a node1", "2 b node2")
		for _, old := range []string{"", "1 a node1"} {
			mustBeLate(ctx, t, r, old)
			mustRecord(ctx, t, r, "2 b node2")
		}
	})
	t.Run("NotIfItWasDeleted", func(t *testing.T) {
		r := pacemaker.Resource{Instance: "deleted"}
		mustSwap(ctx, t, r, "", "1 a node1")
		_, err := c.MustExec(ctx, c.NodeNames()[0], "crm_attribute", "--type", "crm_config",
			"--set-name", recordSet, "--name", "ovndb-record-deleted", "--delete")
		if err != nil {
			t.Fatal(err)
		}
		mustBeLate(ctx, t, r, "1 a node1")
		mustSwap(ctx, t, r, "", "2 b node1")
	})
	t.Run("WhateverPrintableASCIIItHolds", func(t *testing.T) { everyRecord(ctx, t) })
	t.Run("ByOneOfTwoNodesAtOnce", func(t *testing.T) { twoSwaps(ctx, t) })
	t.Run("ThroughADaemonThatDoesNotAnswerForAWhile", func(t *testing.T) { frozenDaemon(ctx, t, c, calls) })
}

// The set of records exists where a resource has been promoted before: the first record without
// it is written when the cluster is brought up.
const recordSet = "ovndb-servers-records"

// removeRecords removes the records of the test, now and at its end.
func removeRecords(ctx context.Context, t *testing.T, c *cluster.Cluster) {
	t.Helper()
	remove := func(ctx context.Context) {
		for _, name := range []string{"first", "second", "late", "deleted", "texts", "race", "frozen"} {
			// It is no error that there is none.
			_, err := c.MustExec(ctx, c.NodeNames()[0], "cibadmin", "--delete", "--xpath", `//nvpair[@id="`+recordSet+"-ovndb-record-"+name+`"]`)
			if err != nil {
				t.Error(err)
			}
		}
	}
	remove(ctx)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		remove(ctx)
	})
}

func TestPublishedValueThatForgesOthersHarmsOnlyItsOwnNode(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	ctx, c := sharedCluster(t)
	useToolsOf(t, c)
	forgedValue(ctx, t, c)
}

func everyRecord(ctx context.Context, t *testing.T) {
	t.Helper()
	var all strings.Builder
	for b := ' ' + 1; b <= '~'; b++ {
		if b != '"' {
			all.WriteRune(b)
		}
	}
	r, last := pacemaker.Resource{Instance: "texts"}, ""
	for _, text := range []string{
		"1 a node1 members=node1,node2 end=NB:l/3/17+2~,SB:l/3/4+0~ blessed: it's <ours> & theirs", "2 " + all.String(), "3 a " + strings.Repeat("x", 600), "4 &amp; &lt; &#10; node1",
	} {
		mustSwap(ctx, t, r, last, text)
		last = text
	}
	mustSwap(ctx, t, r, last, "5 a node1")
}

// twoSwaps has both nodes swap the same record at once, some times.
func twoSwaps(ctx context.Context, t *testing.T) {
	t.Helper()
	r, last := pacemaker.Resource{Instance: "race"}, ""
	for term := range 5 {
		records := []string{fmt.Sprintf("%d a by-node1", term+1), fmt.Sprintf("%d b %s", term+1, onNode2)}
		failures := make([]error, len(records))
		var group sync.WaitGroup
		for i, record := range records {
			group.Go(func() { failures[i] = r.SwapRecord(ctx, last, record) })
		}
		group.Wait()
		winner := slices.Index(failures, nil)
		if winner < 0 || !errors.Is(failures[1-winner], control.ErrRecordChanged) {
			t.Fatalf("term %d: errors are %v, want one ErrRecordChanged", term+1, failures)
		}
		last = records[winner]
		mustRecord(ctx, t, r, last)
	}
}

func mustBeLate(ctx context.Context, t *testing.T, r pacemaker.Resource, old string) {
	t.Helper()
	if err := r.SwapRecord(ctx, old, "3 c node1"); !errors.Is(err, control.ErrRecordChanged) {
		t.Errorf("from %q: error is %v", old, err)
	}
}

// frozenDaemon stops the CIB's daemon until a swap is tried a second time.
func frozenDaemon(ctx context.Context, t *testing.T, c *cluster.Cluster, calls string) {
	t.Helper()
	r, node := pacemaker.Resource{Instance: "frozen"}, c.NodeNames()[0]
	mustSwap(ctx, t, r, "", "1 a node1")
	before := lines(t, calls)
	pid := daemon(ctx, t, c, node, "pacemaker-based")
	if err := c.Signal(ctx, node, pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	swapped := make(chan error, 1)
	go func() { swapped <- r.SwapRecord(ctx, "1 a node1", "2 b node1") }()
	awaited := c.AwaitThat(ctx, "a second try", func(context.Context) error {
		if got := lines(t, calls) - before; got < 2 {
			return fmt.Errorf("%d tries", got)
		}
		return nil
	})
	if err := errors.Join(awaited, c.Signal(ctx, node, pid, syscall.SIGCONT)); err != nil {
		t.Fatal(err)
	}
	if err := <-swapped; err != nil {
		t.Error(err)
	}
	mustRecord(ctx, t, r, "2 b node1")
}

func forgedValue(ctx context.Context, t *testing.T, c *cluster.Cluster) {
	t.Helper()
	r, nodes := pacemaker.Resource{Instance: "forged"}, c.NodeNames()
	forged := "x\"\nname=\"ovndb-round-forged\" host=\"" + nodes[1] + "\" value=\"forged"
	if err := r.Publish(ctx, control.TopicRound, forged); err != nil {
		t.Fatal(err)
	}
	_, err := c.MustExec(ctx, nodes[1], "attrd_updater", "-n", "ovndb-round-forged", "-U", "own", "-p")
	if err != nil {
		t.Fatal(err)
	}
	err = c.AwaitThat(ctx, "both values", func(ctx context.Context) error {
		values, err := r.Published(ctx, control.TopicRound)
		if err == nil && (len(values) != 2 || values[nodes[1]] != "own") {
			err = fmt.Errorf("values are %q", values)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func daemon(ctx context.Context, t *testing.T, c *cluster.Cluster, node, name string) int {
	t.Helper()
	processes, err := c.Processes(ctx, node)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range processes {
		if strings.HasSuffix(p.Command, "/"+name) {
			return p.PID
		}
	}
	t.Fatalf("%s does not run on %s", name, node)
	return 0
}

func lines(t *testing.T, path string) int {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return strings.Count(string(text), "\n")
}

func mustSwap(ctx context.Context, t *testing.T, r pacemaker.Resource, old, record string) {
	t.Helper()
	if err := r.SwapRecord(ctx, old, record); err != nil {
		t.Fatal(err)
	}
	mustRecord(ctx, t, r, record)
}

func mustRecord(ctx context.Context, t *testing.T, r pacemaker.Resource, want string) {
	t.Helper()
	if got, err := r.Record(ctx); got != want || err != nil {
		t.Fatalf("record is %q (%v), want %q", got, err, want)
	}
}
