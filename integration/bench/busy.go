package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"ovndb-servers/integration/ovsdb"
)

const (
	// busyTime is how long the server works on the one transaction.
	busyTime = 35 * time.Second
	// fillers are the rows that each operation of it searches.
	fillers = 20000
	// busyTimeout bounds the transaction, and the recovery where it causes a failover.
	busyTimeout = 3 * time.Minute
)

// busy is the case busy: the active northbound server works on one transaction for
// longer than a monitor may take.
func (b *bench) busy(ctx context.Context, _ int) error {
	db := ovsdb.Northbound()
	if err := ovsdb.Fill(ctx, b.cluster.Endpoint(db), db, "filler", fillers); err != nil {
		return err
	}
	operations, err := b.calibrate(ctx, db)
	if err != nil {
		return err
	}
	for {
		took, interrupted, err := b.busyOnce(ctx, db, operations)
		if err != nil {
			return err
		}
		if interrupted || took >= busyTime {
			return nil
		}
		operations = int(float64(operations) * busyTime.Seconds() / took.Seconds() * 1.1)
		b.progress.Printf("   that was too short: once more, with %d operations", operations)
	}
}

// busyOnce keeps the server busy with so many operations, and adds the result unless the
// transaction was carried out in less than [busyTime]. It returns how long
// the transaction took, and whether it was interrupted.
func (b *bench) busyOnce(ctx context.Context, db ovsdb.Database, operations int) (took time.Duration, interrupted bool, err error) {
	mark := b.logEnds(ctx)
	writers, stop := b.startWriters(ctx, "busy-"+strconv.Itoa(operations), []ovsdb.Database{db})
	defer stop()
	if err := b.awaitWrites(ctx, writers[0]); err != nil {
		return 0, false, err
	}
	at := time.Now()
	took, broken := b.keepBusy(ctx, db, operations)
	b.progress.Printf("   the transaction ended after %.1f s: %s", took.Seconds(), outcome(broken))
	failed := errors.Join(b.awaitWrites(ctx, writers[0]), b.awaitRest(ctx))
	stop()
	failed = errors.Join(failed, b.settle(ctx))
	result := b.report.find("busy").of(b.agent)
	_, err = b.countLost(ctx, "busy", result, writers)
	if failed = errors.Join(failed, err); failed != nil || took < busyTime && broken == nil {
		return took, false, failed
	}
	return took, broken != nil, b.addBusy(ctx, mark, at, writers)
}

// addBusy adds the failovers since the mark, and for how long clients could not write.
func (b *bench) addBusy(ctx context.Context, mark logMark, at time.Time, writers []*ovsdb.Writer) error {
	promotions, err := b.actionsSince(ctx, mark, "promote")
	if err != nil {
		return err
	}
	starts, err := b.actionsSince(ctx, mark, "start")
	if err != nil {
		return err
	}
	worst, further := interruptions(writers, at)
	b.addTimeline(ctx, mark, failover{"busy", b.agent, 1, "the promoted", at, worst, further})
	b.report.find("busy").of(b.agent).add(float64(max(len(promotions), len(starts))))
	b.report.find("busy-outage").of(b.agent).addOutage(worst, further)
	b.progress.Printf("   %d promotions and %d starts; no writes for %.1f s%s",
		len(promotions), len(starts), worst.Duration().Seconds(), again(further))
	return nil
}

// outcome describes how a transaction ended.
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

// calibrate measures how many operations keep the server busy for [busyTime].
func (b *bench) calibrate(ctx context.Context, db ovsdb.Database) (int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, busyTimeout, errors.New("no answer to the transactions"))
	defer cancel()
	needed, err := ovsdb.OperationsFor(ctx, b.cluster.Endpoint(db), db, busyTime)
	if err == nil {
		b.progress.Printf("   %d operations are needed", needed)
	}
	return needed, err
}

// keepBusy has the server search all rows as often as operations says, in one transaction,
// and returns how long that took.
func (b *bench) keepBusy(ctx context.Context, db ovsdb.Database, operations int) (time.Duration, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, busyTimeout, errors.New("no answer to the transaction"))
	defer cancel()
	return ovsdb.KeepBusy(ctx, b.cluster.Endpoint(db), db, operations)
}
