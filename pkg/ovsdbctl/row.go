package ovsdbctl

import (
	"context"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// selectRows returns columns of all rows of a table.
func (s *Store) selectRows(ctx context.Context, table string, columns ...string) ([]ovsdb.Row, error) {
	rows, err := s.transact(ctx, ovsdb.Operation{Op: ovsdb.OperationSelect, Table: table, Columns: columns})
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// wholeTable returns all columns of all rows of a table, up to the limit for tables.
func (s *Store) wholeTable(ctx context.Context, table string) ([]ovsdb.Row, error) {
	rows, err := s.transactWithin(ctx, tableLimit(), ovsdb.Operation{Op: ovsdb.OperationSelect, Table: table})
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

// The functions below read a column's value. A value of another type reads as an empty one:
// the server has checked values against its schema.

// uuidOf reads a column of one UUID.
func uuidOf(value any) string {
	uuid, _ := value.(ovsdb.UUID)
	return uuid.GoUUID
}

// stringMap reads a column that maps strings to strings.
func stringMap(value any) map[string]string {
	decoded, _ := value.(ovsdb.OvsMap)
	strings := make(map[string]string, len(decoded.GoMap))
	for key, value := range decoded.GoMap {
		name, isName := key.(string)
		text, isText := value.(string)
		if isName && isText {
			strings[name] = text
		}
	}
	return strings
}

// toUUIDs writes UUIDs, or names given to rows of the same transaction, as a set.
func toUUIDs(uuids []string) ovsdb.OvsSet {
	set := ovsdb.OvsSet{GoSet: make([]any, 0, len(uuids))}
	for _, uuid := range uuids {
		set.GoSet = append(set.GoSet, ovsdb.UUID{GoUUID: uuid})
	}
	return set
}
