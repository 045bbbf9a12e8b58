package ovsdbctl

import (
	"errors"
	"testing"
)

func FuzzUpdatedGlobal(f *testing.F) {
	f.Add(`{"NB_Global":{"x":{"new":{"external_ids":["map",[["a","b"]]]}}}}`)
	f.Add(`{"NB_Global":{"x":{"old":{}},"y":{"new":{"external_ids":["set",[]]}}},"SB_Global":null}`)
	store := &Store{database: Northbound(), limit: rowLimit()}
	f.Fuzz(func(t *testing.T, text string) {
		if ids, err := store.updatedGlobal([]byte(text)); err != nil && (ids != nil || !errors.Is(err, ErrProtocol)) {
			t.Errorf("got %v, %v", ids, err)
		}
	})
}

func FuzzParseSchema(f *testing.F) {
	f.Add(`{"name":"OVN_Northbound","version":"7.0.0","tables":{"NB_Global":{"columns":{"external_ids":{"type":{"key":"string","max":"unlimited"}}}}}}`)
	f.Add(`{"name":"x","tables":{"a":{"columns":{"b":1e999999}},"c":null}}`)
	f.Fuzz(func(t *testing.T, text string) {
		schema, err := ParseSchema([]byte(text))
		if err != nil {
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("unclassified error: %v", err)
			}
			return
		}
		if err := schema.CanReplicate(schema); err != nil {
			t.Errorf("it cannot replicate itself: %v", err)
		}
	})
}

func FuzzCountOfValues(f *testing.F) {
	f.Add(`[{"rows":[{"a":["map",[["k","v\\""]]]}]}]`)
	f.Fuzz(func(t *testing.T, text string) {
		results, err := decodeResults([]byte(text))
		if err != nil {
			return
		}
		rows := 0
		for _, r := range results {
			rows += len(r.Rows)
		}
		if values := countValues([]byte(text)); rows+len(results) > values {
			t.Errorf("%d results and %d rows, counted %d values", len(results), rows, values)
		}
	})
}
