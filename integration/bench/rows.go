package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"ovndb-servers/integration/ovsdb"
)

// rowBytes is about how long a row of -rows is in the database's file, without what
// ovsdb-server adds: as long as OVN's usual ones.
const rowBytes = 100

// parseRows reads a list of numbers of rows, as "0,100000".
func parseRows(list string) ([]int, error) {
	var counts []int
	for text := range strings.SplitSeq(list, ",") {
		count, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || count < 0 {
			return nil, fmt.Errorf("cannot read the numbers of rows: %q is none", text)
		}
		if !slices.Contains(counts, count) {
			counts = append(counts, count)
		}
	}
	return counts, nil
}

// withRows names a case or measure that is run with so many rows.
func withRows(name string, rows int) string {
	if rows == 0 {
		return name
	}
	return name + "-" + strconv.Itoa(rows)
}

// bySize returns one of the three by the number of rows: none, up to 100,000, more.
func bySize[T any](rows int, none, many, most T) T {
	switch {
	case rows == 0:
		return none
	case rows <= 100_000:
		return many
	default:
		return most
	}
}

// find returns a measure of the case that is being run.
func (b *bench) find(name string) *measure { return b.report.find(withRows(name, b.rows)) }

// addressSets is a table of both databases. Its rows need nothing but a name, and clients write to
// another table.
const addressSets = "Address_Set"

// preload brings the rows of the case into the databases, on all nodes.
func (b *bench) preload(ctx context.Context) error {
	if b.rows == 0 && b.southRows == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, loadTimeout, errors.New("the rows are not there in time"))
	defer cancel()
	if err := b.settle(ctx); err != nil {
		return err
	}
	if err := b.preloadInto(ctx, ovsdb.Northbound(), b.rows); err != nil {
		return err
	}
	return b.preloadInto(ctx, ovsdb.Southbound(), b.southRows)
}

// preloadInto is [bench.preload] of one database.
func (b *bench) preloadInto(ctx context.Context, db ovsdb.Database, count int) error {
	if count == 0 {
		return nil
	}
	rows := db
	rows.Table = addressSets
	address, err := b.endpoint(ctx, rows)
	if err != nil {
		return err
	}
	if err := ovsdb.Fill(ctx, address, rows, strings.Repeat("x", rowBytes-len("-0000000")), count); err != nil {
		return err
	}
	b.progress.Printf("   %d rows loaded into %s", count, db.Name)
	return b.awaitLast(ctx, db, count)
}

// awaitLast inserts a row and waits for it on all nodes: a backup that has the row written last
// has all.
func (b *bench) awaitLast(ctx context.Context, db ovsdb.Database, rows int) error {
	last := "last-of-" + strconv.Itoa(rows)
	client, err := b.dial(ctx, db)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	if err := client.Insert(ctx, db, last); err != nil {
		return err
	}
	b.acked[db.Name].add(last)
	b.awaitReplicas(ctx, "loading rows", db)
	return nil
}
