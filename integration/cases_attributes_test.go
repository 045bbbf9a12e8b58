//go:build integration

package integration_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
)

// attributes returns the names of the attributes by which nodes find each other, and people the node.
func attributes() []string {
	r := cluster.Resource
	return []string{"master-" + r, "ovndb-active-" + r, "ovndb-freshness-" + r, "ovndb-schemas-" + r, r + "-state"}
}

// Whatever makes the cluster lose what an active or a backup has published, all of it is there again once the
// cluster has settled. The role may have moved: without the active's score, Pacemaker promotes another node.
func TestSafetyAttributesThatTheClusterLosesAreSetAgain(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	s := newTrial(t)
	s.await("all nodes to publish", s.publishAll)
	onActive := func(do func(s *trial, node string)) func(*trial) {
		return func(s *trial) {
			active, _ := s.promoted()
			do(s, active)
		}
	}
	onBackup := func(do func(s *trial, node string)) func(*trial) {
		return func(s *trial) {
			_, others := s.promoted()
			do(s, others[0])
		}
	}
	for _, fault := range []struct {
		name string
		long bool
		do   func(*trial)
	}{
		{name: "attribute manager of the active, twice", do: onActive(killTwice("pacemaker-attrd"))},
		{name: "attribute manager of a backup, twice", do: onBackup(killTwice("pacemaker-attrd"))},
		{name: "controller of a backup, twice", do: onBackup(killTwice("pacemaker-controld"))},
		{name: "controller of the active, twice", long: true, do: onActive(killTwice("pacemaker-controld"))},
		{name: "address of the active", do: onActive(removeAttribute("ovndb-active-" + cluster.Resource))},
		{name: "backup that was cut off", long: true, do: onBackup((*trial).cutOff)},
		{name: "cleanup", long: true, do: func(s *trial) { s.check(s.Cleanup(s.ctx, cluster.Resource)) }},
	} {
		if fault.long && testing.Short() {
			continue
		}
		passed := s.step(fault.name, func(s *trial) {
			fault.do(s)
			s.check(s.AwaitWhole(s.ctx))
			back := time.Now()
			s.await("all that was published to be there again", s.publishAll)
			s.t.Logf("all was there again %s after the node was", time.Since(back).Round(100*time.Millisecond))
			s.awaitCluster("the cluster to settle", s.Settled())
			s.await("all to be published by the settled cluster", s.publishAll)
		})
		if !passed {
			return
		}
	}
	s.end()
}

func killTwice(daemon string) func(*trial, string) {
	return func(s *trial, node string) {
		s.killAgain(node, daemon)
		s.await("the cluster to have the node again", s.publishAll)
		s.killAgain(node, daemon)
	}
}

func removeAttribute(name string) func(*trial, string) {
	return func(s *trial, node string) {
		s.exec(node, "attrd_updater", "--name", name, "--delete") // it may be there again before anyone can look
	}
}

// killAgain kills a daemon of Pacemaker's, and awaits that another one runs.
func (s *trial) killAgain(node, daemon string) {
	s.t.Helper()
	pattern := "/" + daemon + "$"
	before := s.exec(node, "pgrep", "--full", pattern)
	count, err := s.SignalMatching(s.ctx, node, pattern, syscall.SIGKILL)
	if err != nil || count != 1 {
		s.t.Fatalf("%d daemons of %s were killed: %v", count, node, err)
	}
	s.await("another "+daemon, func(ctx context.Context) error {
		if now, err := s.MustExec(ctx, node, "pgrep", "--full", pattern); err != nil || now == before {
			return errors.Join(errors.New("not started"), err)
		}
		return nil
	})
}

// cutOff cuts a node off until the others have counted it out.
func (s *trial) cutOff(node string) {
	s.t.Helper()
	active, _ := s.promoted()
	s.check(s.Partition(s.ctx, node))
	s.await("the node to be counted out", func(ctx context.Context) error {
		view, err := s.ViewFrom(ctx, active)
		if err == nil && slices.Contains(view.Online(), node) {
			err = errors.New("it is online")
		}
		return err
	})
	s.check(s.Heal(s.ctx, node))
}

// publishAll returns an error unless each node's attributes are in its attribute manager, and those of the
// cluster's decisions in the CIB.
func (s *trial) publishAll(ctx context.Context) error {
	view, err := s.View(ctx)
	if err != nil {
		return err
	}
	active := view.Promoted()
	if active == "" {
		return errors.New("no node is promoted")
	}
	for _, node := range s.NodeNames() {
		for _, name := range attributes() {
			role := map[string]bool{"ovndb-active-" + cluster.Resource: node == active, "ovndb-freshness-" + cluster.Resource: node != active}
			if has, depends := role[name]; depends && !has {
				continue
			}
			if view.Attributes[node][name] == "" && !strings.HasPrefix(name, "ovndb-") {
				return fmt.Errorf("the CIB has no %s of %s", name, node)
			}
			if s.lacks(ctx, node, name) == nil {
				return fmt.Errorf("the attribute manager has no %s of %s", name, node)
			}
		}
	}
	return nil
}
