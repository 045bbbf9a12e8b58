package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ovndb-servers/integration/ovsdb"
)

const (
	// watchingClients monitor the southbound database in the cases clients and clients-relays, as
	// ovn-controller does on so many chassis.
	watchingClients = 500
	// watchedRows of about [rowBytes] are in it.
	watchedRows = 5000
	// watchedPause is between two rows that are inserted while they watch: it is how exactly the time
	// is known until all are served again.
	watchedPause = 100 * time.Millisecond
	// servedTimeout bounds the wait for all of them to be served.
	servedTimeout = 3 * time.Minute
)

// watchPace returns how the clients keep their sessions: with ovn-controller's probe.
func watchPace() ovsdb.WatchPace {
	return ovsdb.WatchPace{Retry: 200 * time.Millisecond, Dial: time.Second, Probe: 5 * time.Second}
}

// clients is the case clients: the time from the standby of the active's node until all clients that
// monitor the southbound database have a row that was written after the failover.
func (b *bench) clients(ctx context.Context, round int) error {
	return b.servedAgain(ctx, round, "clients", b.deployment.addresses(ovsdb.Southbound()))
}

// clientsOfRelays is the case clients-relays, with relays on the nodes between clients and server.
func (b *bench) clientsOfRelays(ctx context.Context, round int) (err error) {
	db := ovsdb.Southbound()
	addresses, err := b.cluster.StartRelays(ctx, db, b.deployment.addresses(db))
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
		defer cancel()
		err = errors.Join(err, b.cluster.StopRelays(ctx))
	}()
	if err != nil {
		return err
	}
	return b.servedAgain(ctx, round, "clients-relays", addresses)
}

// servedAgain is both cases; clients monitor at the addresses.
func (b *bench) servedAgain(ctx context.Context, round int, name string, addresses []string) error {
	db, prefix := ovsdb.Southbound(), fmt.Sprintf("%s-%d", name, round)
	active, err := b.deployment.active(ctx, db)
	if err != nil {
		return err
	}
	pace := pace()
	pace.Write = watchedPause
	writer := ovsdb.StartWriterTo(ctx, pace, b.deployment.addresses(db), db, prefix)
	defer writer.Stop()
	watchers, err := ovsdb.StartWatchers(ctx, watchPace(), addresses, db, []string{addressSets}, prefix, watchingClients)
	if err != nil {
		return err
	}
	defer watchers.Stop()
	began := time.Now()
	first, err := b.awaitServed(ctx, watchers, 1)
	if err != nil {
		return err
	}
	b.progress.Printf("   %d clients are served %.1f s after their start; standby of %s", watchingClients, first.Sub(began).Seconds(), active)
	at := time.Now()
	last, failed := b.moveUnder(ctx, writer, watchers, active, at)
	watchers.Stop() // The nodes have two processors in all: hundreds of clients would be in the way of the rest.
	failed = errors.Join(failed, b.deployment.join(ctx, active), b.awaitRest(ctx))
	writer.Stop()
	failed = errors.Join(failed, b.settle(ctx))
	result := b.report.find(name).of(b.agent)
	lost, err := b.countLost(ctx, name, result, []*ovsdb.Writer{writer})
	if failed = errors.Join(failed, err); failed != nil {
		return failed
	}
	result.add(last.Sub(at).Seconds())
	b.progress.Printf("   all served again after %.1f s; %d acknowledged rows lost", last.Sub(at).Seconds(), lost)
	return nil
}

// moveUnder moves everything off the active's node, and waits until all clients have a row that was
// acknowledged after the writer had lost its server. It returns when the last one had it.
func (b *bench) moveUnder(ctx context.Context, writer *ovsdb.Writer, watchers *ovsdb.Watchers, active string, at time.Time) (time.Time, error) {
	if err := b.deployment.leave(ctx, active); err != nil {
		return time.Time{}, err
	}
	waiting, cancel := context.WithTimeoutCause(ctx, recoveryTimeout, errors.New("writes do not go on"))
	defer cancel()
	gap, err := writer.AwaitRecovery(waiting, at)
	if err != nil {
		return time.Time{}, err
	}
	number, err := ovsdb.RowNumber(gap.After.Name)
	if err != nil {
		return time.Time{}, err
	}
	return b.awaitServed(ctx, watchers, number)
}

// awaitServed waits until all clients have the row of that number or a later one, and returns when the
// last one had it.
func (b *bench) awaitServed(ctx context.Context, watchers *ovsdb.Watchers, number int) (time.Time, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, servedTimeout, errors.New("not all clients are served"))
	defer cancel()
	var last time.Time
	err := b.cluster.AwaitThat(ctx, "all clients to be served", func(context.Context) error {
		at, missing, failed := watchers.Served(number)
		if last = at; missing > 0 {
			return fmt.Errorf("%d of %d clients are not served, one of them after: %v", missing, watchingClients, failed) //nolint:errorlint // It may be nil.
		}
		return nil
	})
	return last, err
}
