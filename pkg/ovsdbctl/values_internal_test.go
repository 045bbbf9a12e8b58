package ovsdbctl

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ovn-org/libovsdb/ovsdb"
)

func TestValuesAreThoseOfTheLibrary(t *testing.T) {
	t.Parallel()
	const row = `{"_uuid":["uuid","6c7a4b9c-7b9a-4a58-9f06-1d1f5b9a0d4e"],"text":"port \"1\"","integer":7,"negative":-9007199254740993,"real":1.5e300,
		"yes":true,"no":false,"empty":["set",[]],"texts":["set",["b","a"]],"two":["set",["uuid","x"]],"uuids":["set",[["uuid","a"],["uuid","b"]]],
		"none":["map",[]],"options":["map",[["k","v"],["a","="]]],"by-number":["map",[[1,["uuid","c"]],[2,["uuid","d"]]]],"by-uuid":["map",[[["uuid","e"],true]]]}`
	var want ovsdb.Row
	if err := json.Unmarshal([]byte(row), &want); err != nil {
		t.Fatal(err)
	}
	results, err := decodeResults([]byte(`[{"rows":[` + row + `]}]`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ovsdb.Row{want}, results[0].Rows); diff != "" {
		t.Errorf("values differ (-library +package):\n%s", diff)
	}
}
