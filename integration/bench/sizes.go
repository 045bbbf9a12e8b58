package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// loadTimeout bounds the loading of a million rows, and their replication.
const loadTimeout = 30 * time.Minute

// sizes is the case size: the cost of our monitor with databases of more and more rows.
func (b *bench) sizes(ctx context.Context, _ int) error {
	counts := []int{1000, 100_000}
	if b.options.large {
		counts = append(counts, 1_000_000)
	}
	view, err := b.cluster.View(ctx)
	if err != nil {
		return err
	}
	nodes := map[cluster.Role]string{cluster.Promoted: view.Promoted()}
	if unpromoted := view.In(cluster.Unpromoted); len(unpromoted) > 0 {
		nodes[cluster.Unpromoted] = unpromoted[0]
	}
	loaded := 0
	for _, count := range counts {
		if err := b.load(ctx, count, loaded); err != nil {
			return err
		}
		loaded = count
		for _, role := range []cluster.Role{cluster.Promoted, cluster.Unpromoted} {
			if err := b.sizeCost(ctx, nodes[role], role, count); err != nil {
				return err
			}
		}
	}
	return nil
}

// load brings the number of rows from loaded to count, on all nodes.
func (b *bench) load(ctx context.Context, count, loaded int) error {
	ctx, cancel := context.WithTimeoutCause(ctx, loadTimeout, errors.New("the rows are not there in time"))
	defer cancel()
	began := time.Now()
	rows := ovsdb.Northbound()
	rows.Table = addressSets
	if err := ovsdb.Fill(ctx, b.cluster.Endpoint(rows), rows, "rows"+strconv.Itoa(count), count-loaded); err != nil {
		return err
	}
	if err := b.awaitLast(ctx, ovsdb.Northbound(), count); err != nil {
		return err
	}
	b.progress.Printf("   %d rows loaded in %.1f s", count, time.Since(began).Seconds())
	return nil
}

// sizeCost measures the monitor on a node.
func (b *bench) sizeCost(ctx context.Context, node string, role cluster.Role, rows int) error {
	var walls, cpus []float64
	for range b.options.rounds {
		cost, err := b.monitorCost(ctx, node, role)
		if err != nil {
			return err
		}
		walls, cpus = append(walls, cost.wall), append(cpus, cost.cpu)
	}
	text, err := b.cluster.MustExec(ctx, node, "stat", "--format=%s", ovsdb.Northbound().File)
	if err != nil {
		return err
	}
	bytes, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return fmt.Errorf("cannot read the size of the database: %w", err)
	}
	b.report.Sizes = append(b.report.Sizes, size{rows, string(role), summarize(walls), summarize(cpus), bytes})
	b.progress.Printf("   %d rows, %s: %.1f ms wall, %.1f ms CPU", rows, role, summarize(walls).Median, summarize(cpus).Median)
	return nil
}
