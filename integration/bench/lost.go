package main

import (
	"context"
	"errors"
	"fmt"

	"ovndb-servers/integration/ovsdb"
)

// countLost records the rows that were acknowledged to the clients, reads all rows back
// where clients do, and returns how many are lost that were not before. It then
// waits for the backups to have the rest.
func (b *bench) countLost(ctx context.Context, what string, result *series, writers []*ovsdb.Writer) (int, error) {
	lost := 0
	for _, writer := range writers {
		db, names := writer.Database(), writer.AckedNames()
		rows := b.acked[db.Name]
		rows.add(names...)
		result.Acked += len(names)
		present, err := b.names(ctx, db)
		if err != nil {
			return lost, fmt.Errorf("cannot read the rows back: %w", err)
		}
		lost += rows.removeMissing(present)
	}
	result.Lost += lost
	for _, writer := range writers {
		b.awaitReplicas(ctx, what, writer.Database())
	}
	return lost, nil
}

// names lists the names of the rows that clients see.
func (b *bench) names(ctx context.Context, db ovsdb.Database) ([]string, error) {
	client, err := b.dial(ctx, db)
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Close() }()
	return client.Names(ctx, db)
}

// awaitReplicas waits until every node has every row. Backups that do not get them are
// noted, and not waited for any longer.
func (b *bench) awaitReplicas(ctx context.Context, what string, db ovsdb.Database) {
	waiting, cancel := context.WithTimeoutCause(ctx, replicaTimeout, errors.New("not in time"))
	defer cancel()
	var last error
	err := b.cluster.AwaitThat(waiting, "the rows on all nodes", func(ctx context.Context) error {
		var failures []error
		for _, node := range b.cluster.NodeNames() {
			names, err := b.cluster.NamesOn(ctx, node, db)
			if missing := len(b.acked[db.Name].missing(names)); err == nil && missing > 0 {
				err = fmt.Errorf("%d rows are missing on %s", missing, node)
			}
			failures = append(failures, err)
		}
		if ctx.Err() == nil {
			last = errors.Join(failures...)
		}
		return errors.Join(failures...)
	})
	if err != nil && ctx.Err() == nil {
		b.note("%s, after %s: a backup still lacks rows of %s when all has been at rest for %s: %v", b.agent, what, db.Name, replicaTimeout, last)
	}
}
