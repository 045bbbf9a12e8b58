package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ovndb-servers/integration/ovsdb"
)

const (
	// busyTime is how long the server works on the one transaction.
	busyTime = 35 * time.Second
	// fillers are the rows that each operation of it looks at.
	fillers = 20000
	// bulk is how many rows are inserted in one transaction.
	bulk = 2000
	// busyTimeout bounds the transaction, and the recovery where it causes a failover.
	busyTimeout = 3 * time.Minute
)

// busy is the case busy: the active northbound server works on one transaction for
// longer than a monitor may take.
func (b *bench) busy(ctx context.Context, _ int) error {
	db := ovsdb.Northbound()
	if err := b.fill(ctx, db, "filler", fillers); err != nil {
		return err
	}
	operations, err := b.calibrate(ctx, db)
	if err != nil {
		return err
	}
	mark := b.logEnds(ctx)
	writers, stop := b.startWriters(ctx, "busy", []ovsdb.Database{db})
	defer stop()
	at := time.Now()
	took, err := b.keepBusy(ctx, db, operations)
	b.progress.Printf("   the transaction ended after %.1f s: %s", took.Seconds(), outcome(err))
	failed := b.awaitWrites(ctx, writers[0])
	failed = errors.Join(failed, b.settle(ctx))
	stop()
	result := b.report.find("busy").of(b.agent)
	_, err = b.settleAccounts(ctx, result, writers)
	if failed = errors.Join(failed, err); failed != nil {
		return failed
	}
	promotions, err := b.actionsSince(ctx, mark, "promote")
	if err != nil {
		return err
	}
	starts, err := b.actionsSince(ctx, mark, "start")
	if err != nil {
		return err
	}
	outage, gaps := longest(writers, at, time.Now())
	b.addTimeline(ctx, mark, moment{"busy", b.agent, 1, "the promoted", at, outage, gaps})
	result.add(float64(max(len(promotions), len(starts))))
	b.report.find("busy-outage").of(b.agent).add(outage.Seconds())
	b.progress.Printf("   %d promotions and %d starts; no writes for %.1f s", len(promotions), len(starts), outage.Seconds())
	return nil
}

// outcome tells how a transaction ended.
func outcome(err error) string {
	if err == nil {
		return "carried out"
	}
	return err.Error()
}

// awaitWrites waits until the client writes.
func (b *bench) awaitWrites(ctx context.Context, writer *ovsdb.Writer) error {
	ctx, cancel := context.WithTimeoutCause(ctx, busyTimeout, errors.New("writes do not go on"))
	defer cancel()
	_, err := writer.AwaitAck(ctx, time.Now())
	return err
}

// fill inserts rows of a database's table, many in a transaction.
func (b *bench) fill(ctx context.Context, db ovsdb.Database, prefix string, count int) error {
	client, err := ovsdb.Dial(ctx, b.cluster.Endpoint(db))
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	for first := 0; first < count; first += bulk {
		var operations []ovsdb.Operation
		for number := first; number < min(first+bulk, count); number++ {
			operations = append(operations, db.Insert(fmt.Sprintf("%s-%07d", prefix, number)))
		}
		if err := client.Transact(ctx, db, operations...); err != nil {
			return fmt.Errorf("cannot insert %d rows: %w", count, err)
		}
	}
	return nil
}

// calibrate finds out how many operations keep the server busy for [busyTime].
func (b *bench) calibrate(ctx context.Context, db ovsdb.Database) (int, error) {
	const enough = 2 * time.Second
	for count := 50; ; count *= 4 {
		took, err := b.keepBusy(ctx, db, count)
		if err != nil {
			return 0, err
		}
		if took >= enough {
			needed := int(float64(count) * busyTime.Seconds() / took.Seconds())
			b.progress.Printf("   %d operations take %.1f s: %d are needed", count, took.Seconds(), needed)
			return needed, nil
		}
	}
}

// keepBusy has the server look at all rows so many times, in one transaction, and
// returns how long that took. Nothing is changed: no row has the name that is looked
// for.
func (b *bench) keepBusy(ctx context.Context, db ovsdb.Database, count int) (time.Duration, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, busyTimeout, errors.New("no answer to the transaction"))
	defer cancel()
	client, err := ovsdb.Dial(ctx, b.cluster.Endpoint(db))
	if err != nil {
		return 0, err
	}
	defer func() { _ = client.Close() }()
	operations := make([]ovsdb.Operation, count)
	for i := range operations {
		operations[i] = ovsdb.Operation{
			"op": "delete", "table": db.Table,
			"where": []any{[]any{"name", "==", "nobody"}, []any{"name", "!=", "somebody"}},
		}
	}
	began := time.Now()
	err = client.Transact(ctx, db, operations...)
	return time.Since(began), err
}
