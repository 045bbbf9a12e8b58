package ovsdbctl

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// SetGlobal sets keys of the global row's external_ids in one transaction and leaves its
// other keys alone. The error is ErrNoGlobal if there is no such row, ErrReadOnly on a
// backup.
func (s *Store) SetGlobal(ctx context.Context, keys map[string]string) error {
	return s.setGlobal(ctx, keys)
}

// SetGlobalDurably is [Store.SetGlobal], but returns nil only after the server has synced
// its database file to the disk. A server does not sync if no value changes: the keys must
// include one with a new value.
func (s *Store) SetGlobalDurably(ctx context.Context, keys map[string]string) error {
	return s.setGlobal(ctx, keys, commit(true))
}

func (s *Store) setGlobal(ctx context.Context, keys map[string]string, more ...ovsdb.Operation) error {
	table := s.database.GlobalTable
	row, err := s.global(ctx, "_uuid")
	if err == nil {
		set := []ovsdb.Operation{setKeys(table, row["_uuid"], keys), comment("set external_ids of " + table)}
		_, err = s.transact(ctx, append(set, more...)...)
	}
	if err != nil {
		return fmt.Errorf("cannot write external_ids of %s: %w", table, err)
	}
	return nil
}

// commit returns the operation that makes a transaction durable, or not, which is the
// default (RFC 7047, section 5.2.7).
func commit(durable bool) ovsdb.Operation {
	return ovsdb.Operation{Op: ovsdb.OperationCommit, Durable: &durable}
}

// comment returns an operation that records the program and the change in the database
// file, where ovsdb-tool(1) shows it in "show-log".
func comment(operation string) ovsdb.Operation {
	text := "ovndb-servers: " + operation
	return ovsdb.Operation{Op: ovsdb.OperationComment, Comment: &text}
}

// setKeys deletes the keys and inserts them: a mutation does not change the value of an
// existing key (RFC 7047, section 5.1).
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
