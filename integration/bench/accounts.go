package main

import (
	"context"
	"fmt"

	"ovndb-servers/integration/ovsdb"
)

// settleAccounts enters what the clients had acknowledged, reads all rows back through
// the virtual IP, and returns how many are lost that were not before. It then waits
// for the backups to have the rest.
func (b *bench) settleAccounts(ctx context.Context, result *series, writers []*ovsdb.Writer) (int, error) {
	lost := 0
	for _, writer := range writers {
		db, acks := writer.Database(), writer.Acks()
		names := make([]string, 0, len(acks))
		for _, ack := range acks {
			names = append(names, ack.Name)
		}
		book := b.ledgers[db.Name]
		book.enter(names...)
		result.Acked += len(names)
		present, err := b.cluster.Names(ctx, db)
		if err != nil {
			return lost, fmt.Errorf("cannot read the rows back: %w", err)
		}
		lost += book.strike(present)
	}
	result.Lost += lost
	for _, writer := range writers {
		b.awaitReplicas(ctx, writer.Database())
	}
	return lost, nil
}

// awaitReplicas waits until every node has every row. A backup that does not get them
// is noted, and not waited for any longer.
func (b *bench) awaitReplicas(ctx context.Context, db ovsdb.Database) {
	waiting, cancel := context.WithTimeout(ctx, replicaTimeout)
	defer cancel()
	for _, node := range b.cluster.NodeNames() {
		err := b.cluster.AwaitThat(waiting, "the rows on "+node, func(ctx context.Context) error {
			names, err := b.cluster.NamesOn(ctx, node, db)
			if err != nil {
				return err
			}
			if missing := b.ledgers[db.Name].missing(names); missing > 0 {
				return fmt.Errorf("%d rows are missing", missing)
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			b.note("%s: a backup does not get the rows of %s: %v", b.agent, db.Name, err)
		}
	}
}
