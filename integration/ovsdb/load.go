package ovsdb

import (
	"context"
	"fmt"
	"time"
)

// bulk is how many rows are inserted in one transaction.
const bulk = 2000

// Fill inserts count rows of a database's table at the server at address, many in a
// transaction.
func Fill(ctx context.Context, address string, db Database, prefix string, count int) error {
	client, err := Dial(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = client.Close() }()
	for first := 0; first < count; first += bulk {
		var operations []Operation
		for number := first; number < min(first+bulk, count); number++ {
			operations = append(operations, db.Insert(fmt.Sprintf("%s-%07d", prefix, number)))
		}
		if err := client.Transact(ctx, db, operations...); err != nil {
			return fmt.Errorf("cannot insert %d rows: %w", count, err)
		}
	}
	return nil
}

// KeepBusy has the server at address search all rows of a database's table, as often as
// operations says, in one transaction, and returns how long that took. Nothing is changed:
// no row has the name that is searched for.
func KeepBusy(ctx context.Context, address string, db Database, operations int) (time.Duration, error) {
	client, err := Dial(ctx, address)
	if err != nil {
		return 0, err
	}
	defer func() { _ = client.Close() }()
	searches := make([]Operation, operations)
	for i := range searches {
		searches[i] = Operation{
			"op": "delete", "table": db.Table,
			"where": []any{[]any{"name", "==", "none"}, []any{"name", "!=", "some"}},
		}
	}
	began := time.Now()
	err = client.Transact(ctx, db, searches...)
	return time.Since(began), err
}

// OperationsFor measures how many operations [KeepBusy] needs for a transaction of that
// length.
func OperationsFor(ctx context.Context, address string, db Database, length time.Duration) (int, error) {
	const enough = 4 * time.Second
	for count := 50; ; count *= 4 {
		took, err := KeepBusy(ctx, address, db, count)
		if err != nil {
			return 0, err
		}
		if took >= enough {
			return int(float64(count) * length.Seconds() / took.Seconds()), nil
		}
	}
}
