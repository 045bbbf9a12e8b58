package ovsdbctl

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// A Row is one row of a table, as text.
type Row struct {
	UUID string `json:"uuid"`
	// Columns holds the elements of each column's value, sorted: one for a single
	// value, KEY=VALUE for each pair of a map, none for an empty set. Strings are
	// quoted, UUIDs are not.
	Columns map[string][]string `json:"columns"`
}

// Tables returns the names of the tables of the database's schema, sorted. The error is
// that of [Store.Schema].
func (s *Store) Tables(ctx context.Context) ([]string, error) {
	schema, err := s.Schema(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Sorted(maps.Keys(schema.Columns)), nil
}

// Rows returns all rows of a table, in the order of their UUIDs.
func (s *Store) Rows(ctx context.Context, table string) ([]Row, error) {
	rows, err := s.wholeTable(ctx, table)
	if err != nil {
		return nil, fmt.Errorf("cannot read table %s of %s: %w", table, s.database.Name, err)
	}
	return readRows(rows)
}

// readRows converts rows to text. The error is ErrProtocol.
func readRows(rows []ovsdb.Row) ([]Row, error) {
	all := make([]Row, 0, len(rows))
	for _, row := range rows {
		id := uuidOf(row["_uuid"])
		if id == "" {
			return nil, fmt.Errorf("%w: a row without a UUID", ErrProtocol)
		}
		columns, err := decodedColumns(row)
		if err != nil {
			return nil, err
		}
		all = append(all, Row{UUID: id, Columns: columns})
	}
	return sortRows(all), nil
}

// decodedColumns converts the columns of a row to text. The error is ErrProtocol.
func decodedColumns(row map[string]any) (map[string][]string, error) {
	columns := make(map[string][]string, len(row))
	for name, value := range row {
		if internal(name) {
			continue
		}
		elements, err := decodedElements(value)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w: %w", name, ErrProtocol, err)
		}
		columns[name] = elements
	}
	return columns, nil
}

// internal reports whether a column is no content: the row's UUID, or its version, which
// differs between servers.
func internal(column string) bool { return column == "_uuid" || column == "_version" }

func sortRows(rows []Row) []Row {
	slices.SortFunc(rows, func(a, b Row) int { return strings.Compare(a.UUID, b.UUID) })
	return rows
}

func decodedElements(value any) ([]string, error) {
	var atoms [][]any
	switch v := value.(type) {
	case ovsdb.OvsSet:
		for _, element := range v.GoSet {
			atoms = append(atoms, []any{element})
		}
	case ovsdb.OvsMap:
		for key, value := range v.GoMap {
			atoms = append(atoms, []any{key, value})
		}
	default:
		atoms = [][]any{{v}}
	}
	return elementTexts(atoms)
}

// elementTexts converts elements of one atom, or of a key and a value, to sorted text.
func elementTexts(elements [][]any) ([]string, error) {
	texts := make([]string, 0, len(elements))
	for _, element := range elements {
		atoms := make([]string, 0, len(element))
		for _, atom := range element {
			text, err := atomText(atom)
			if err != nil {
				return nil, err
			}
			atoms = append(atoms, text)
		}
		texts = append(texts, strings.Join(atoms, "="))
	}
	slices.Sort(texts)
	return texts, nil
}

func atomText(atom any) (string, error) {
	switch v := atom.(type) {
	case ovsdb.UUID:
		return v.GoUUID, nil
	case json.Number:
		return numberText(v)
	default:
		text, err := json.Marshal(atom)
		return string(text), err
	}
}
