package ovsdbctl

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// ParseRows reads the results of select operations as ovsdb-tool(1) prints them for
// "query": an array with an object {"rows": [<row>*]} for each (RFC 7047, sections
// 4.1.3, 5.1 and 5.2.2), and returns the rows of each. The error is ErrProtocol if
// it is something else, as when an operation has failed.
func ParseRows(text []byte) ([][]Row, error) {
	var results []struct {
		Rows           []map[string]any
		Error, Details string
	}
	if err := json.Unmarshal(text, &results); err != nil {
		return nil, fmt.Errorf("cannot read the rows: %w: %w", ErrProtocol, err)
	}
	all := make([][]Row, 0, len(results))
	for _, result := range results {
		if result.Error != "" {
			return nil, fmt.Errorf("cannot read the rows: %w: %s: %s", ErrProtocol, result.Error, result.Details)
		}
		rows := make([]Row, 0, len(result.Rows))
		for _, columns := range result.Rows {
			row, err := parseRow(columns)
			if err != nil {
				return nil, fmt.Errorf("cannot read the rows: %w: %w", ErrProtocol, err)
			}
			rows = append(rows, row)
		}
		all = append(all, sortRows(rows))
	}
	return all, nil
}

func parseRow(columns map[string]any) (Row, error) {
	row := Row{Columns: map[string][]string{}}
	id, err := parseAtom(columns["_uuid"])
	if err != nil {
		return Row{}, err
	}
	row.UUID = uuidOf(id)
	for name, value := range columns {
		if internal(name) {
			continue
		}
		elements, err := parseElements(value)
		if err == nil {
			row.Columns[name], err = elementTexts(elements)
		}
		if err != nil {
			return Row{}, fmt.Errorf("column %s: %w", name, err)
		}
	}
	return row, nil
}

var errValue = errors.New("not a value")

// parseElements reads <value>: an <atom>, ["set", [<atom>*]] or
// ["map", [[<atom>, <atom>]*]].
func parseElements(value any) ([][]any, error) {
	pair, isPair := value.([]any)
	if !isPair || len(pair) != 2 || pair[0] == "uuid" {
		atom, err := parseAtom(value)
		return [][]any{{atom}}, err
	}
	list, isList := pair[1].([]any)
	if !isList || pair[0] != "set" && pair[0] != "map" {
		return nil, errValue
	}
	elements := make([][]any, 0, len(list))
	for _, one := range list {
		atoms := []any{one}
		if pair[0] == "map" {
			var isPair bool
			if atoms, isPair = one.([]any); !isPair || len(atoms) != 2 {
				return nil, errValue
			}
		}
		element, err := parseAtoms(atoms)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	return elements, nil
}

func parseAtoms(atoms []any) ([]any, error) {
	parsed := make([]any, 0, len(atoms))
	for _, atom := range atoms {
		one, err := parseAtom(atom)
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, one)
	}
	return parsed, nil
}

// parseAtom reads <atom>: a string, a number, a boolean or ["uuid", <string>].
func parseAtom(atom any) (any, error) {
	switch v := atom.(type) {
	case string, float64, bool:
		return v, nil
	case []any:
		if len(v) == 2 && v[0] == "uuid" {
			if id, isText := v[1].(string); isText {
				return ovsdb.UUID{GoUUID: id}, nil
			}
		}
	}
	return nil, errValue
}
