package verify

import (
	"encoding/json"
	"fmt"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/snapshot"
)

// columnType is the part of a <column-schema> (RFC 7047, section 3.2) that matters here.
type columnType struct {
	// ephemeral columns are not stored in a file, and are each server's own.
	ephemeral bool
	// composite columns have more than one element at most.
	composite bool
	// initial is the value of a row that does not mention the column.
	initial []string
}

// tableTypes are the types of the columns of each table.
type tableTypes map[string]map[string]columnType

func typesOf(schema ovsdbctl.Schema) (tableTypes, error) {
	types := tableTypes{}
	for table, columns := range schema.Columns {
		types[table] = map[string]columnType{}
		for column, definition := range columns {
			parsed, err := parseColumn([]byte(definition))
			if err != nil {
				return nil, fmt.Errorf("cannot read the schema of column %s.%s: %w", table, column, err)
			}
			types[table][column] = parsed
		}
	}
	return types, nil
}

func parseColumn(definition []byte) (columnType, error) {
	var column struct {
		Ephemeral bool
		Type      json.RawMessage
	}
	if err := json.Unmarshal(definition, &column); err != nil {
		return columnType{}, err
	}
	var parsed struct {
		Key, Value json.RawMessage
		Min        *int
		Max        any
	}
	key := column.Type
	if json.Unmarshal(column.Type, &parsed) == nil { // not just the name of a type
		key = parsed.Key
	}
	atom, err := initialAtom(key)
	if err != nil {
		return columnType{}, err
	}
	result := columnType{ephemeral: column.Ephemeral, initial: []string{atom}}
	if limit, isNumber := parsed.Max.(float64); parsed.Max != nil && (!isNumber || limit > 1) {
		result.composite = true
	}
	switch {
	case parsed.Min != nil && *parsed.Min == 0:
		result.initial = []string{}
	case len(parsed.Value) > 0:
		value, err := initialAtom(parsed.Value)
		if err != nil {
			return columnType{}, err
		}
		result.initial = []string{atom + "=" + value}
	}
	return result, nil
}

// initialAtom returns the initial value of a <base-type>: its name, or an object with it.
func initialAtom(text json.RawMessage) (string, error) {
	var name string
	if json.Unmarshal(text, &name) != nil {
		var base struct{ Type string }
		if err := json.Unmarshal(text, &base); err != nil {
			return "", err
		}
		name = base.Type
	}
	switch name {
	case "string":
		return `""`, nil
	case "integer", "real":
		return "0", nil
	case "boolean":
		return "false", nil
	case "uuid":
		return "00000000-0000-0000-0000-000000000000", nil
	default:
		return "", fmt.Errorf("%w: type %.40q", ovsdbctl.ErrProtocol, name)
	}
}

// normal returns the columns of a row of one copy, as they are compared: those that a file has left
// out, or that only the other copy has, have their initial values. It is nil for a row that does not
// exist.
func normal(row Row, own, other map[string]columnType) (map[string][]string, error) {
	if len(row) == 0 {
		return nil, nil
	}
	columns, err := row.columns(own)
	if err != nil {
		return nil, err
	}
	for _, types := range []map[string]columnType{own, other} {
		for name, column := range types {
			if _, known := columns[name]; !known {
				columns[name] = column.initial
			}
		}
	}
	for name := range columns {
		if own[name].ephemeral || other[name].ephemeral {
			delete(columns, name)
		}
	}
	return columns, nil
}

// isMarker reports whether all elements in which a column differs are the agent's own keys.
func isMarker(change snapshot.Change) bool {
	for _, elements := range [][]string{change.Snapshot, change.Live} {
		for _, element := range elements {
			if !strings.HasPrefix(element, `"`+replication.MarkerPrefix) {
				return false
			}
		}
	}
	return change.Column == "external_ids"
}
