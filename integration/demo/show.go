package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

const (
	// rowsBefore are written before the kill, so that there is something to lose.
	rowsBefore = 200
	// rowsAfter are written after the failover.
	rowsAfter = 100
	// failoverTimeout bounds the failover, and each wait for rows.
	failoverTimeout = 90 * time.Second
)

// show is the demonstration in a cluster that is up.
type show struct {
	cluster  *cluster.Cluster
	progress *cluster.Progress
}

// run shows the status, a failover, a planned move, the status again, and what the agent says of it all.
func (s *show) run(ctx context.Context) error {
	if err := s.status(ctx); err != nil {
		return err
	}
	db := ovsdb.Northbound()
	s.progress.Printf("a client writes rows of %s through %s", db.Table, s.cluster.Endpoint(db))
	writer := s.cluster.StartWriter(ctx, db, "demo")
	defer writer.Stop()
	if err := s.awaitRows(ctx, writer, rowsBefore); err != nil {
		return err
	}
	killed, at, err := s.kill(ctx)
	if err != nil {
		return err
	}
	if err := s.failover(ctx, writer, killed, at); err != nil {
		return err
	}
	if err := s.comeBack(ctx, killed); err != nil {
		return err
	}
	if err := s.switchOver(ctx, writer); err != nil {
		return err
	}
	writer.Stop()
	if err := s.intact(ctx, db, writer, killed, at); err != nil {
		return err
	}
	if err := s.status(ctx); err != nil {
		return err
	}
	return s.onActive(ctx, "ovndb-servers", "events", "--since", "1h")
}

// awaitRows waits until so many rows are acknowledged.
func (s *show) awaitRows(ctx context.Context, writer *ovsdb.Writer, count int) error {
	ctx, cancel := context.WithTimeout(ctx, failoverTimeout)
	defer cancel()
	err := s.cluster.AwaitThat(ctx, "the client's rows", func(context.Context) error {
		if got := len(writer.Acks()); got < count {
			return fmt.Errorf("%d of %d acknowledged", got, count)
		}
		return nil
	})
	s.progress.Printf("%d rows acknowledged", len(writer.Acks()))
	return err
}

// kill kills everything on the active node at once and returns its name, with a time
// just before.
func (s *show) kill(ctx context.Context) (string, time.Time, error) {
	view, err := s.cluster.View(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	active, before := view.Promoted(), time.Now()
	if err := s.cluster.PowerOff(ctx, active); err != nil {
		return "", time.Time{}, fmt.Errorf("cannot kill the active node: %w", err)
	}
	s.progress.Printf("killed the active: node %s has lost its power", active)
	return active, before, nil
}

// comeBack gives the killed node its power back and waits until it follows.
func (s *show) comeBack(ctx context.Context, killed string) error {
	ctx, cancel := context.WithTimeout(ctx, failoverTimeout)
	defer cancel()
	s.progress.Printf("node %s gets its power back", killed)
	if err := s.cluster.PowerOn(ctx, killed); err != nil {
		return err
	}
	if err := s.cluster.Await(ctx, "the node to come back", s.cluster.Settled()); err != nil {
		return err
	}
	s.progress.Printf("node %s is back, as a backup", killed)
	return nil
}

// switchOver moves the promoted role as planned, while the client writes.
func (s *show) switchOver(ctx context.Context, writer *ovsdb.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, failoverTimeout)
	defer cancel()
	if err := s.onActive(ctx, "ovndb-servers", "switchover", "--yes"); err != nil {
		return err
	}
	if err := s.cluster.Await(ctx, "the nodes to have their roles", s.cluster.Settled()); err != nil {
		return err
	}
	return s.awaitRows(ctx, writer, len(writer.Acks())+rowsAfter)
}

// failover waits until the client writes again and the cluster is settled, and reports
// the gap between the writes and the cluster's new state.
func (s *show) failover(ctx context.Context, writer *ovsdb.Writer, killed string, at time.Time) error {
	settling, cancel := context.WithTimeout(ctx, failoverTimeout)
	defer cancel()
	var gap ovsdb.Gap
	err := s.cluster.AwaitThat(settling, "the client to write again", func(context.Context) error {
		var recovered bool
		if gap, recovered = writer.Recovery(at); !recovered {
			return errors.New("no row acknowledged since the server was lost")
		}
		return nil
	})
	if err != nil {
		return err
	}
	s.progress.Printf("last write before:  %s at %s", gap.Before.Name, clock(gap.Before.At))
	s.progress.Printf("first write after:  %s at %s, %.2f s later", gap.After.Name, clock(gap.After.At), gap.Duration().Seconds())
	rest := slices.DeleteFunc(s.cluster.NodeNames(), func(name string) bool { return name == killed })
	if err := s.cluster.Await(settling, "the other nodes to have their roles", s.cluster.SettledOn(rest...)); err != nil {
		return err
	}
	view, err := s.cluster.View(ctx)
	if err != nil {
		return err
	}
	s.progress.Printf("promoted before: %s, now: %s; the virtual IP is on %s", killed, view.Promoted(), view.VIPNode)
	for _, failure := range view.Failures {
		s.progress.Printf("Pacemaker noted: %s on %s: %s", failure.Operation, failure.Node, failure.ExitReason)
	}
	return s.awaitRows(ctx, writer, len(writer.Acks())+rowsAfter)
}

// intact proves that every acknowledged row is there, at the virtual IP and on every node: but for the
// last one that the killed node acknowledged, if it lost its power before a backup had it. Then a snapshot
// on that node has it.
func (s *show) intact(ctx context.Context, db ovsdb.Database, writer *ovsdb.Writer, killed string, at time.Time) error {
	names, err := s.cluster.Names(ctx, db)
	if err != nil {
		return err
	}
	taken := writer.Missing(names)
	if len(taken) > 0 {
		if err := s.takenAlong(ctx, db, writer, killed, at, taken); err != nil {
			return err
		}
	}
	s.progress.Printf("all %d acknowledged rows are there, read through the virtual IP", len(writer.Acks())-len(taken))
	ctx, cancel := context.WithTimeout(ctx, failoverTimeout)
	defer cancel()
	for _, node := range s.cluster.NodeNames() {
		err := s.cluster.AwaitThat(ctx, "the rows on "+node, func(ctx context.Context) error {
			names, err := s.cluster.NamesOn(ctx, node, db)
			if missing := writer.Missing(names); err == nil && len(missing) > len(taken) {
				return fmt.Errorf("%d are missing", len(missing)-len(taken))
			}
			return err
		})
		if err != nil {
			return err
		}
		s.progress.Printf("  and on %s", node)
	}
	return nil
}

// takenAlong returns an error unless the only missing row is the last one that the killed node acknowledged,
// and a snapshot there has it.
func (s *show) takenAlong(ctx context.Context, db ovsdb.Database, writer *ovsdb.Writer, killed string, at time.Time, missing []string) error {
	gap, _ := writer.Recovery(at)
	if len(missing) > 1 || missing[0] != gap.Before.Name {
		return fmt.Errorf("%d acknowledged rows are lost, as %s", len(missing), missing[0])
	}
	kept, err := s.cluster.Kept(ctx, killed, db)
	if err != nil {
		return err
	}
	if !slices.Contains(kept, missing[0]) {
		return fmt.Errorf("%s is lost: no snapshot on node %s has it", missing[0], killed)
	}
	s.progress.Printf("%s was acknowledged when node %s lost its power, and no backup had it yet: a snapshot there has it", missing[0], killed)
	return nil
}

// status prints the output of crm_mon and of the agent's tool on the promoted node.
func (s *show) status(ctx context.Context) error {
	if err := s.onActive(ctx, "crm_mon", "--one-shot", "--inactive"); err != nil {
		return err
	}
	return s.onActive(ctx, "ovndb-servers", "status")
}

// onActive prints the output of a command on the promoted node, which may find something wrong.
func (s *show) onActive(ctx context.Context, args ...string) error {
	view, err := s.cluster.View(ctx)
	if err != nil {
		return err
	}
	result, err := s.cluster.Exec(ctx, view.Promoted(), args...)
	if err != nil {
		return err
	}
	s.progress.Printf("%s# %s", view.Promoted(), strings.Join(args, " "))
	for line := range strings.Lines(result.Stdout + result.Stderr) {
		if strings.TrimSpace(line) != "" {
			s.progress.Printf("    %s", strings.TrimRight(line, "\n"))
		}
	}
	return nil
}

// printHints prints the commands with which the cluster can be looked into and removed.
func (s *show) printHints() {
	s.progress.Printf("the cluster stays. Look around:")
	for _, node := range s.cluster.Nodes() {
		s.progress.Printf("    docker exec -it %s bash", node.Container)
	}
	first := s.cluster.Nodes()[0].Container
	for _, command := range []string{"ovndb-servers status", "ovndb-servers explain", "crm_mon -1", "tail -f /var/log/syslog"} {
		s.progress.Printf("    docker exec %s %s", first, command)
	}
	s.progress.Printf("take it down: make demo-down")
}

// clock prints a time of day with milliseconds.
func clock(t time.Time) string { return t.Format("15:04:05.000") }
