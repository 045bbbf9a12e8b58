package ovsdbctl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// RowValues are the values of a row's columns. Unlike those of a [Row], integers of 64 bits are
// exact.
type RowValues struct {
	columns map[string]any
}

// ParseRowValues reads a <row> (RFC 7047, section 5.1). The error is ErrProtocol.
func ParseRowValues(text []byte) (RowValues, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var columns map[string]any
	if err := decoder.Decode(&columns); err != nil {
		return RowValues{}, fmt.Errorf("cannot read the row: %w: %w", ErrProtocol, err)
	}
	if _, err := decodeRow(columns); err != nil {
		return RowValues{}, fmt.Errorf("cannot read the row: %w: %w", ErrProtocol, err)
	}
	return RowValues{columns: columns}, nil
}

// Change sets the columns of a later change of the row. Those for which isDiff returns true are
// differences to the present values: elements of a set that are removed if they are there and else
// added, pairs of a map likewise, or with another value than the present one of their key.
func (v RowValues) Change(change RowValues, isDiff func(column string) bool) {
	for name, value := range change.columns {
		if isDiff(name) {
			value = applyDiff(v.columns[name], value)
		}
		v.columns[name] = value
	}
}

// changedSet and changedMap are values to which differences were applied. The next one changes them in
// place: a set that has grown by one element in each transaction is not copied as often.
type (
	changedSet map[any]struct{}
	changedMap map[any]any
)

// applyDiff does the same as ovsdb_datum_apply_diff_in_place in lib/ovsdb-data.c of Open vSwitch
// with a type of more than one element.
func applyDiff(old, diff any) any {
	pairs, isMap := diff.(ovsdb.OvsMap)
	if !isMap {
		return toggled(old, elementsOf(diff))
	}
	result, changed := old.(changedMap)
	if !changed {
		result = changedMap{}
		if before, ok := old.(ovsdb.OvsMap); ok {
			maps.Copy(result, before.GoMap)
		}
	}
	for key, value := range pairs.GoMap {
		if present, exists := result[key]; exists && present == value {
			delete(result, key)
		} else {
			result[key] = value
		}
	}
	return result
}

func toggled(old any, diff []any) changedSet {
	result, changed := old.(changedSet)
	if !changed {
		result = changedSet{}
		for _, element := range elementsOf(old) {
			result[element] = struct{}{}
		}
	}
	for _, element := range diff {
		if _, present := result[element]; present {
			delete(result, element)
		} else {
			result[element] = struct{}{}
		}
	}
	return result
}

// elementsOf returns the elements of a set. One of a single element is written as the element.
func elementsOf(value any) []any {
	switch v := value.(type) {
	case nil, ovsdb.OvsMap, changedMap:
		return nil
	case ovsdb.OvsSet:
		return v.GoSet
	default:
		return []any{v}
	}
}

// Columns returns the columns as those of a [Row].
func (v RowValues) Columns() (map[string][]string, error) {
	for name, value := range v.columns {
		switch changed := value.(type) {
		case changedSet:
			v.columns[name] = ovsdb.OvsSet{GoSet: slices.Collect(maps.Keys(changed))}
		case changedMap:
			v.columns[name] = ovsdb.OvsMap{GoMap: changed}
		}
	}
	columns, err := decodedColumns(v.columns)
	for name, elements := range columns {
		columns[name] = slices.Compact(elements)
	}
	return columns, err
}

// numberText returns the same text for the same number: 1, 1.0 and 1e0 are one.
func numberText(number json.Number) (string, error) {
	if integer, err := number.Int64(); err == nil {
		return strconv.FormatInt(integer, 10), nil
	}
	value, err := number.Float64()
	if err != nil {
		return "", err
	}
	return strconv.FormatFloat(value, 'g', -1, 64), nil
}
