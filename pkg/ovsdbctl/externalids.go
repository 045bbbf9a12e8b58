package ovsdbctl

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// SetGlobal sets keys of the global row's external_ids in one transaction and
// leaves its other keys alone. The error is ErrNoGlobal if there is no such row,
// ErrReadOnly on a backup.
func (s *Store) SetGlobal(ctx context.Context, keys map[string]string) error {
	row, err := s.global(ctx, "_uuid")
	if err == nil {
		_, err = s.transact(ctx, setKeys(s.database.GlobalTable, row["_uuid"], keys))
	}
	if err != nil {
		return fmt.Errorf("cannot write external_ids of %s: %w", s.database.GlobalTable, err)
	}
	return nil
}

// setKeys deletes the keys and inserts them: a mutation does not change the
// value of a key that is there (RFC 7047, section 5.1).
func setKeys(table string, uuid any, keys map[string]string) ovsdb.Operation {
	values := make(map[any]any, len(keys))
	for key, value := range keys {
		values[key] = value
	}
	names := make([]any, 0, len(keys))
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		names = append(names, key)
	}
	return ovsdb.Operation{
		Op: ovsdb.OperationMutate, Table: table,
		Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, uuid)},
		Mutations: []ovsdb.Mutation{
			{Column: "external_ids", Mutator: ovsdb.MutateOperationDelete, Value: ovsdb.OvsSet{GoSet: names}},
			{Column: "external_ids", Mutator: ovsdb.MutateOperationInsert, Value: ovsdb.OvsMap{GoMap: values}},
		},
	}
}
