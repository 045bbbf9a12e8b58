package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// compareEvery is the pause between comparisons of the copies: each reads all of them.
const compareEvery = 3 * time.Second

// readTimeout bounds one reading of all copies, or of one snapshot.
const readTimeout = 3 * time.Minute

// recover waits for the healed cluster, watches it, and accounts for the rows. No person
// helps: nothing is changed or cleaned up any more.
func (r *run) recover(ctx context.Context) error {
	r.awaitSettled(ctx)
	if !pause(ctx, r.options.watch) {
		return context.Cause(ctx)
	}
	for _, writer := range r.writers {
		writer.Stop()
	}
	r.stopped = time.Now()
	for _, writer := range r.writers {
		one, err := r.accountFor(ctx, writer)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			r.problem("%s: cannot account for the rows: %v", short(writer.Database()), err)
			continue
		}
		r.accounts = append(r.accounts, one)
		for _, text := range one.problems() {
			r.problem("%s", text)
		}
	}
	return nil
}

// awaitSettled waits until every instance has its role and both databases take rows.
func (r *run) awaitSettled(ctx context.Context) {
	waiting, cancel := context.WithTimeoutCause(ctx, r.options.settle, errors.New("not in time"))
	defer cancel()
	err := r.cluster.Await(waiting, "the cluster to settle", r.cluster.Settled())
	if err == nil {
		err = r.awaitWrites(waiting, r.healed, r.options.settle)
	}
	if err != nil {
		if ctx.Err() == nil {
			r.problem("the cluster has not settled within %s without a person: %v", r.options.settle, err)
		}
		return
	}
	r.settled = time.Now()
	r.journal.say("plan", "settled %.1f s after the last fault", r.settled.Sub(r.healed).Seconds())
}

// accountFor reads a database from all nodes until all copies are equal and have all
// acknowledged rows, or the time is over, and accounts for the rows.
func (r *run) accountFor(ctx context.Context, writer *ovsdb.Writer) (account, error) {
	db := writer.Database()
	e := evidence{Database: db, Acks: writer.Acks(), PowerLosses: r.journal.powerLosses(), Fencing: r.options.fencing}
	waiting, cancel := context.WithTimeoutCause(ctx, r.options.settle, errors.New("not in time"))
	defer cancel()
	for {
		var err error
		reading, stop := context.WithTimeout(ctx, readTimeout)
		e.Copies, err = readCopies(reading, r.cluster, db)
		stop()
		if err == nil && len(e.differences()) == 0 {
			break
		}
		if !pause(waiting, compareEvery) {
			if err != nil {
				return account{}, err
			}
			break
		}
	}
	missing := e.missing()
	if len(missing) == 0 {
		return e.account(), nil
	}
	r.journal.say("client", "%s: %d acknowledged rows are not on all nodes: reading the snapshots", short(db), len(missing))
	kept, err := readKept(ctx, r.cluster, db, missing)
	e.Kept = kept
	if err != nil {
		r.problem("%s: %v", short(db), err)
	}
	return e.account(), nil
}

// away returns the longest time without writes to a database since a moment of the run, and which
// database that was.
func (r *run) away(since time.Time) (time.Duration, string) {
	var most interval
	var name string
	for _, writer := range r.writers {
		one := longest(outages(writer.Acks(), interval{since, r.stopped}, 0))
		if one.length() > most.length() {
			most, name = one, short(writer.Database())
		}
	}
	return most.length(), name
}

// collect collects everything that helps to find out what has happened.
func (r *run) collect(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), collectTimeout)
	defer cancel()
	r.journal.say("plan", "collecting logs, databases and snapshots in %s", r.options.out)
	if err := r.cluster.CollectLogs(ctx, r.options.out); err != nil {
		r.journal.say("plan", "not all could be collected: %s", oneLine(err.Error()))
	}
	status := func(node cluster.Node) error {
		result, err := r.cluster.Exec(ctx, node.Name, "ovndb-servers", "status")
		if err != nil {
			return err
		}
		return writeFile(r.path(node.Name+"/status.txt"), fmt.Sprintf("exit code %d\n%s%s", result.Code, result.Stdout, result.Stderr))
	}
	if err := r.cluster.ForEachNode(status); err != nil {
		r.journal.say("plan", "no status: %s", oneLine(err.Error()))
	}
}
