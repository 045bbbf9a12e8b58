package ovsdbctl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A Schema is the part of a <database-schema> (RFC 7047, section 3.2) on which replication
// depends.
type Schema struct {
	Name    string
	Version string // "7.0.0"; empty if the schema has none

	// Columns holds the definition of each column, by table and column: JSON as
	// ovsdb_column_to_json in ovsdb/column.c writes it, with sorted member names.
	Columns map[string]map[string]string

	// Text is the whole definition, as it was read.
	Text []byte
}

// Schema returns the schema of the database as the server has it. The error is ErrNoAnswer,
// ErrProtocol or a *CommandError.
func (s *Store) Schema(ctx context.Context) (Schema, error) {
	schema, err := s.schema(ctx)
	if err != nil {
		return Schema{}, fmt.Errorf("cannot read the schema of %s on %s: %w", s.database.Name, s.endpoint, err)
	}
	return schema, nil
}

func (s *Store) schema(ctx context.Context) (Schema, error) {
	result, err := s.call(ctx, schemaLimit(), "get_schema", []any{s.database.Name})
	if err != nil {
		return Schema{}, err
	}
	return ParseSchema(result)
}

// ParseSchema reads a <database-schema>. The error is ErrProtocol.
func ParseSchema(text []byte) (Schema, error) {
	var schema struct {
		Name    string `json:"name"`
		Version string `json:"version"`
		Tables  map[string]struct {
			Columns map[string]json.RawMessage `json:"columns"`
		} `json:"tables"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		return Schema{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	parsed := Schema{Name: schema.Name, Version: schema.Version, Columns: map[string]map[string]string{}, Text: bytes.Clone(text)}
	for name, table := range schema.Tables {
		parsed.Columns[name] = make(map[string]string, len(table.Columns))
		for column, definition := range table.Columns {
			sorted, err := sortedJSON(definition)
			if err != nil {
				return Schema{}, fmt.Errorf("%w: column %s.%s: %w", ErrProtocol, name, column, err)
			}
			parsed.Columns[name][column] = sorted
		}
	}
	return parsed, nil
}

// sortedJSON returns JSON with the member names of objects sorted: servers write them in
// the order of a hash.
func sortedJSON(text []byte) (string, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // 64-bit integers do not fit into a float64
	var value any
	if err := decoder.Decode(&value); err != nil {
		return "", err
	}
	sorted, err := json.Marshal(value)
	return string(sorted), err
}

// Convert gives the database another schema of the same name while the server runs, as active or as
// backup, and keeps the rows as far as the schema has their columns: the server writes the file
// again before it answers. All sessions with the database end or are told. It is the "convert" of
// ovsdb-server(7). The error is ErrNoAnswer, ErrProtocol or a *CommandError, which holds the reason
// where rows do not fit; nothing has changed then.
func (s *Store) Convert(ctx context.Context, schema Schema) error {
	if _, err := s.call(ctx, schemaLimit(), "convert", []any{s.database.Name, json.RawMessage(schema.Text)}); err != nil {
		return fmt.Errorf("cannot convert %s on %s to schema version %s: %w", s.database.Name, s.endpoint, schema.Version, err)
	}
	return nil
}

// CanReplicate returns nil if a backup with schema s can replicate an active server with
// schema active, else an ErrIncompatibleSchema with the first table or column that prevents
// it. The rule is that of is_replication_possible in ovsdb/replication.c, since Open vSwitch
// 2.13: the backup must have every table and column of the active, and equal definitions of
// these columns. Versions do not matter.
func (s Schema) CanReplicate(active Schema) error {
	obstacle := s.obstacle(active)
	if obstacle == "" {
		return nil
	}
	return fmt.Errorf("%w: %s %s of the active into %s %s of the backup: %s",
		ErrIncompatibleSchema, active.Name, active.Version, s.Name, s.Version, obstacle)
}

func (s Schema) obstacle(active Schema) string {
	if s.Name != active.Name {
		return "the databases have different names"
	}
	for _, table := range slices.Sorted(maps.Keys(active.Columns)) {
		own, exists := s.Columns[table]
		if !exists {
			return "the backup has no table " + table
		}
		for _, column := range slices.Sorted(maps.Keys(active.Columns[table])) {
			switch definition, exists := own[column]; {
			case !exists:
				return fmt.Sprintf("the backup has no column %s.%s", table, column)
			case definition != active.Columns[table][column]:
				return fmt.Sprintf("the definitions of column %s.%s differ", table, column)
			}
		}
	}
	return ""
}
