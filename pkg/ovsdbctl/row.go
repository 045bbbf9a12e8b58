package ovsdbctl

import (
	"context"
	"slices"

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

// uuidSet reads a column of any number of UUIDs, sorted.
func uuidSet(value any) []string {
	if uuid := uuidOf(value); uuid != "" { // a set of one is written as its element
		return []string{uuid}
	}
	set, _ := value.(ovsdb.OvsSet)
	var uuids []string
	for _, element := range set.GoSet {
		uuids = append(uuids, uuidOf(element))
	}
	slices.Sort(uuids)
	return uuids
}

// optionalInt reads a column of at most one integer. ok is false if there is none.
func optionalInt(value any) (number int64, ok bool) {
	if set, isSet := value.(ovsdb.OvsSet); isSet && len(set.GoSet) == 1 {
		value = set.GoSet[0]
	}
	float, ok := value.(float64)
	return int64(float), ok
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
