package main

import (
	"cmp"
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
	// rowsBefore are acknowledged before anything is done.
	rowsBefore = 50
	// recoveryTimeout bounds the wait for writes to go on.
	recoveryTimeout = 2 * time.Minute
	// replicaTimeout bounds the wait for all backups to have all rows.
	replicaTimeout = 30 * time.Second
)

// pace returns how all agents' clients write: they notice that they can write again
// within some milliseconds, but for a server that takes connections and does not
// answer, which they give up after a quarter of a second.
func pace() ovsdb.Pace {
	const millisecond = time.Millisecond
	return ovsdb.Pace{Write: 5 * millisecond, Retry: 5 * millisecond, Dial: 100 * millisecond, Reply: 250 * millisecond}
}

// fault is done to the active's node, and undone.
type fault struct {
	name string
	// databases are those that clients write to; the longest outage of them is measured.
	databases []ovsdb.Database
	// cause causes it; the time is taken before.
	cause func(ctx context.Context, c *cluster.Cluster, active string) error
	// away says that the node is out of the cluster until it is undone.
	away bool
	// lost says that Corosync has to notice the loss of the node.
	lost bool
	undo func(ctx context.Context, c *cluster.Cluster, active string) error
	// watch is for how long after the fault all times without writes are added up; 0 if they are not.
	watch time.Duration
}

// killNorthbound is the case kill-nb.
func (b *bench) killNorthbound(ctx context.Context, round int) error {
	return b.outage(ctx, round, fault{
		name: "kill-nb", databases: []ovsdb.Database{ovsdb.Northbound()}, watch: time.Minute,
		cause: func(ctx context.Context, c *cluster.Cluster, active string) error {
			return kill(ctx, c, active, ovsdb.Northbound())
		},
	})
}

// killBoth is the case kill-both.
func (b *bench) killBoth(ctx context.Context, round int) error {
	both := []ovsdb.Database{ovsdb.Northbound(), ovsdb.Southbound()}
	return b.outage(ctx, round, fault{
		name: "kill-both", databases: both,
		cause: func(ctx context.Context, c *cluster.Cluster, active string) error {
			return kill(ctx, c, active, both...)
		},
	})
}

// standby is the case standby.
func (b *bench) standby(ctx context.Context, round int) error {
	began := b.logEnds(ctx)
	err := b.outage(ctx, round, b.standbyAs("standby"))
	if err != nil || b.agent == raftAgent {
		return err
	}
	return b.addActions(ctx, began, "promote", "standby-promote")
}

// standbyAs is the fault of a case in which a person moves everything off the active's node.
func (b *bench) standbyAs(name string) fault {
	return fault{
		name: name, databases: []ovsdb.Database{ovsdb.Northbound()}, away: true,
		cause: func(ctx context.Context, _ *cluster.Cluster, active string) error {
			return b.deployment.leave(ctx, active)
		},
		undo: func(ctx context.Context, _ *cluster.Cluster, active string) error {
			return b.deployment.join(ctx, active)
		},
	}
}

// standbyVIPFirst is the case standby-vip-first.
func (b *bench) standbyVIPFirst(ctx context.Context, round int) (err error) {
	usual, other := cluster.PromoteThenVIP, cluster.VIPThenPromote
	if err := b.cluster.SetOrder(ctx, usual, other); err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		err = errors.Join(err, b.cluster.SetOrder(ctx, other, usual))
	}()
	if err := b.awaitRest(ctx); err != nil {
		return err
	}
	return b.outage(ctx, round, b.standbyAs("standby-vip-first"))
}

// freeze is the case freeze.
func (b *bench) freeze(ctx context.Context, round int) error {
	return b.outage(ctx, round, fault{
		name: "freeze", databases: []ovsdb.Database{ovsdb.Northbound()}, away: true, lost: true,
		cause: func(ctx context.Context, c *cluster.Cluster, active string) error { return c.Freeze(ctx, active) },
		undo:  func(ctx context.Context, c *cluster.Cluster, active string) error { return c.Thaw(ctx, active) },
	})
}

// powerGone is for how long the power is gone in the case power-4s: shorter than the cluster needs to
// count a node out.
const powerGone = 4 * time.Second

// powerForAMoment is the case power-4s.
func (b *bench) powerForAMoment(ctx context.Context, round int) error {
	return b.outage(ctx, round, fault{
		name: "power-4s", databases: []ovsdb.Database{ovsdb.Northbound()},
		cause: func(ctx context.Context, c *cluster.Cluster, active string) error {
			if err := c.PowerOff(ctx, active); err != nil {
				return err
			}
			if err := pause(ctx, powerGone); err != nil {
				return err
			}
			return c.PowerOn(ctx, active)
		},
	})
}

// kill kills servers of a node at once.
func kill(ctx context.Context, c *cluster.Cluster, node string, databases ...ovsdb.Database) error {
	script := []string{"sh", "-c", `kill -9 $(cat "$@")`, "kill"}
	for _, db := range databases {
		script = append(script, db.PIDFile)
	}
	_, err := c.MustExec(ctx, node, script...)
	return err
}

// outage has clients write, causes a fault of the active's node, undoes it, and measures for
// how long no row was acknowledged, and how many acknowledged rows were lost.
func (b *bench) outage(ctx context.Context, round int, f fault) error {
	active, err := b.deployment.active(ctx, f.databases[0])
	if err != nil {
		return err
	}
	began := b.logEnds(ctx)
	writers, stop := b.startWriters(ctx, fmt.Sprintf("%s-%d", f.name, round), f.databases)
	defer stop()
	if err := b.awaitMoment(ctx, round, writers); err != nil {
		return err
	}
	at := time.Now()
	failed := b.causeFault(ctx, f, active, at, writers)
	if f.undo != nil {
		failed = errors.Join(failed, f.undo(ctx, b.cluster, active))
	}
	failed = errors.Join(failed, b.awaitRest(ctx), pause(ctx, max(f.watch, leastPlot)-time.Since(at)))
	stop() // Before failures are cleaned up, which moves the virtual IP.
	failed = errors.Join(failed, b.settle(ctx))
	result := b.find(f.name).of(b.agent)
	lost, err := b.countLost(ctx, f.name, result, writers)
	failed = errors.Join(failed, err)
	worst, further := interruptions(writers, at)
	measured := failover{f.name, b.agent, round, active, at, worst, further}
	b.addTimeline(ctx, began, measured)
	if f.lost && b.agent != raftAgent {
		failed = errors.Join(failed, b.addReaction(ctx, began, measured))
	}
	if failed != nil {
		return failed
	}
	result.addOutage(worst, further)
	b.addPlot(b.find(f.name), writers, at)
	if f.watch > 0 {
		b.find(f.name + "-total").of(b.agent).add(totalWithin(writers, at, f.watch).Seconds())
	}
	b.progress.Printf("   no writes for %.3f s%s; %d acknowledged rows lost", worst.Duration().Seconds(), again(further), lost)
	return nil
}

// again lists the outages beside the longest.
func again(further []ovsdb.Gap) string {
	if len(further) == 0 {
		return ""
	}
	var texts []string
	for _, gap := range further {
		texts = append(texts, fmt.Sprintf("%.3f s", gap.Duration().Seconds()))
	}
	return ", and until all had settled " + strings.Join(texts, ", ")
}

// startWriters starts a client for each database. The function stop stops them, and may be
// called again.
func (b *bench) startWriters(ctx context.Context, prefix string, databases []ovsdb.Database) (writers []*ovsdb.Writer, stop func()) {
	for _, db := range databases {
		writers = append(writers, ovsdb.StartWriterTo(ctx, pace(), b.deployment.addresses(db), db, prefix))
	}
	return writers, func() {
		for _, writer := range writers {
			writer.Stop()
		}
	}
}

// awaitMoment waits until the clients write, and then for a part of the monitor's
// interval that is another one in each round: a fault that a monitor has to find
// comes at no chosen moment.
func (b *bench) awaitMoment(ctx context.Context, round int, writers []*ovsdb.Writer) error {
	waiting, cancel := context.WithTimeoutCause(ctx, recoveryTimeout, errors.New("clients cannot write"))
	defer cancel()
	for _, writer := range writers {
		err := b.cluster.AwaitThat(waiting, "clients to write", func(context.Context) error {
			if count := len(writer.Acks()); count < rowsBefore {
				return fmt.Errorf("%d rows acknowledged", count)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	part := (float64(round) - 0.5) / float64(b.options.rounds)
	return pause(ctx, time.Duration(part*float64(promotedInterval)))
}

// pause waits, and returns the cause if the context ends before.
func pause(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// causeFault causes a fault, and waits until the clients write again and the cluster has
// settled, without the node if the fault takes it away.
func (b *bench) causeFault(ctx context.Context, f fault, active string, at time.Time, writers []*ovsdb.Writer) error {
	b.progress.Printf("   %s on %s", f.name, active)
	if err := f.cause(ctx, b.cluster, active); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, recoveryTimeout, errors.New("writes do not go on"))
	defer cancel()
	for _, writer := range writers {
		if _, err := writer.AwaitRecovery(ctx, at); err != nil {
			return err
		}
	}
	if f.away {
		return b.deployment.awaitWithout(ctx, active)
	}
	return b.deployment.awaitWithout(ctx)
}

// interruptions returns the longest interruption that any client has had since, and all
// others of that client.
func interruptions(writers []*ovsdb.Writer, since time.Time) (worst ovsdb.Gap, further []ovsdb.Gap) {
	for _, writer := range writers {
		gaps := writer.Interruptions(since)
		if len(gaps) == 0 {
			continue
		}
		longest := slices.MaxFunc(gaps, func(a, b ovsdb.Gap) int { return cmp.Compare(a.Duration(), b.Duration()) })
		if longest.Duration() > worst.Duration() {
			worst, further = longest, slices.DeleteFunc(gaps, func(gap ovsdb.Gap) bool { return gap == longest })
		}
	}
	return worst, further
}

// totalWithin returns the longest time, of all clients, that one has been without writes in all
// since a fault, within so long.
func totalWithin(writers []*ovsdb.Writer, fault time.Time, watch time.Duration) time.Duration {
	var longest time.Duration
	for _, writer := range writers {
		longest = max(longest, totalOf(writer.Interruptions(fault), fault, watch))
	}
	return longest
}

// totalOf adds gaps up, as far as they lie within the time after the fault.
func totalOf(gaps []ovsdb.Gap, fault time.Time, watch time.Duration) time.Duration {
	var total time.Duration
	for _, gap := range gaps {
		from, to := max(gap.Before.At.Sub(fault), 0), min(gap.After.At.Sub(fault), watch)
		total += max(to-from, 0)
	}
	return total
}
