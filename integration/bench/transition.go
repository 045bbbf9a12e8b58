package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// reactionName names the measure of the time that Pacemaker and the agent take once the loss of a node
// is known.
func reactionName(fault string) string { return fault + "-reaction" }

// addReaction adds for how long no row was acknowledged after Pacemaker had begun to act on the loss of a
// node: Corosync's time to notice it is not in it.
func (b *bench) addReaction(ctx context.Context, mark logMark, m failover) error {
	var events []event
	for _, node := range b.cluster.NodeNames() {
		if node == m.active {
			continue
		}
		for _, path := range []string{pacemakerLog, corosyncLog} {
			found, err := b.eventsSince(ctx, mark, node, path, m.at)
			if err != nil {
				return err
			}
			events = append(events, found...)
		}
	}
	began, ok := firstTransition(events, m.at)
	if !ok {
		return errors.New("no transition after the loss of the node is in the logs")
	}
	served := firstGap(m).After.At
	b.find(reactionName(m.name)).of(b.agent).add(served.Sub(began).Seconds())
	return nil
}

// firstTransition returns when the cluster began to act on the loss of a node after a fault: Pacemaker
// calculated the first transition since Corosync formed a membership without it.
func firstTransition(events []event, fault time.Time) (time.Time, bool) {
	slices.SortStableFunc(events, func(a, b event) int { return a.at.Compare(b.at) })
	lost := false
	for _, e := range events {
		switch {
		case e.at.Before(fault):
		case strings.Contains(e.text, "Members left:"):
			lost = true
		case lost && strings.Contains(e.text, "Calculated transition"):
			return e.at, true
		}
	}
	return time.Time{}, false
}

// firstGap returns the earliest of the interruptions of a failover.
func firstGap(m failover) ovsdb.Gap {
	return slices.MinFunc(m.gaps(), func(a, b ovsdb.Gap) int { return a.Before.At.Compare(b.Before.At) })
}
