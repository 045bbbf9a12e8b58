package ovsdbctl

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// result is the result of an operation of a transaction (RFC 7047, section 5.2). Those
// after a failed one are null, which reads as an empty result.
type result struct {
	Error   string      `json:"error"`
	Details string      `json:"details"`
	Rows    []ovsdb.Row `json:"-"`
}

// decodeResults reads the results of a transaction: an array. The error is ErrProtocol.
func decodeResults(text []byte) ([]result, error) {
	var encoded []struct {
		result
		Rows []map[string]any `json:"rows"`
	}
	if err := json.Unmarshal(text, &encoded); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	results := make([]result, 0, len(encoded))
	for _, one := range encoded {
		for _, columns := range one.Rows {
			row, err := decodeRow(columns)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
			}
			one.result.Rows = append(one.result.Rows, row)
		}
		results = append(results, one.result)
	}
	return results, nil
}

// decodeRow converts the columns to the library's types, in place. The library's own
// decoding encodes every value a second time, and panics on an invalid one.
func decodeRow(columns map[string]any) (ovsdb.Row, error) {
	for name, value := range columns {
		decoded, err := decodeValue(value)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", name, err)
		}
		columns[name] = decoded
	}
	return columns, nil
}

var errValue = errors.New("not a value")

// decodeValue reads <value> (RFC 7047, section 5.1): an <atom>, ["set", [<atom>*]] or
// ["map", [[<atom>, <atom>]*]].
func decodeValue(value any) (any, error) {
	pair, isPair := value.([]any)
	if !isPair || len(pair) != 2 || pair[0] == "uuid" {
		return decodeAtom(value)
	}
	list, isList := pair[1].([]any)
	switch {
	case isList && pair[0] == "set":
		atoms, err := decodeAtoms(list)
		return ovsdb.OvsSet{GoSet: atoms}, err
	case isList && pair[0] == "map":
		return decodeMap(list)
	default:
		return nil, errValue
	}
}

func decodeMap(pairs []any) (ovsdb.OvsMap, error) {
	decoded := ovsdb.OvsMap{GoMap: make(map[any]any, len(pairs))}
	for _, one := range pairs {
		pair, isPair := one.([]any)
		if !isPair || len(pair) != 2 {
			return ovsdb.OvsMap{}, errValue
		}
		atoms, err := decodeAtoms(pair)
		if err != nil {
			return ovsdb.OvsMap{}, err
		}
		decoded.GoMap[atoms[0]] = atoms[1]
	}
	return decoded, nil
}

// decodeAtoms reads atoms, in place.
func decodeAtoms(atoms []any) ([]any, error) {
	for i, atom := range atoms {
		var err error
		if atoms[i], err = decodeAtom(atom); err != nil {
			return nil, err
		}
	}
	return atoms, nil
}

// decodeAtom reads <atom>: a string, a number, a boolean or ["uuid", <string>].
func decodeAtom(atom any) (any, error) {
	switch v := atom.(type) {
	case string, float64, json.Number, bool:
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
