package ovsdbctl

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
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

func FuzzParseRowValues(f *testing.F) {
	f.Add(`{"_uuid":["uuid","x"],"a":["set",[1,2.5,"x"]],"b":["map",[["k","v"]]],"c":true}`)
	f.Add(`{"a":12345678901234567890,"b":["set",[]],"c":["map",[[["uuid","x"],1e999]]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		values, err := ParseRowValues([]byte(text))
		if err != nil {
			if !errors.Is(err, ErrProtocol) {
				t.Errorf("unclassified error: %v", err)
			}
			return
		}
		change, err := ParseRowValues([]byte(text))
		if err != nil {
			t.Fatalf("read once, and then: %v", err)
		}
		if _, err := values.Columns(); err != nil && !errors.Is(err, ErrProtocol) {
			t.Errorf("unclassified error: %v", err)
		}
		for _, isDiff := range []bool{true, false} {
			values.Change(change, func(string) bool { return isDiff })
		}
	})
}

func FuzzRawResults(f *testing.F) {
	f.Add(`[{"rows":[{"_version":["uuid","0a55a3d1-6d87-4d9f-a1b2-21a6a0a1a6b3"],"a":1}]},{"rows":[]}]`)
	f.Add(`[{"error":"x","details":"y"},null]`)
	store := &Store{database: Northbound()}
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := store.rawResults([]byte(text), 2)
		if refused := new(TransactionError); err != nil && !errors.Is(err, ErrProtocol) && !errors.As(err, &refused) {
			t.Errorf("unclassified error: %v", err)
		}
		if err == nil && len(rows) != 2 {
			t.Errorf("%d rows of 2", len(rows))
		}
	})
}

// What a trimmer passes on of JSON is JSON, holds the agent's own keys, and is all of it where nothing is to
// be left out.
func FuzzTrimmer(f *testing.F) {
	f.Add(`{"id":2,"result":[{"rows":[{"external_ids":["map",[["a","[\\"],"],["ovndb-servers:term","1"]]]}]}]} {"id":3}`)
	f.Add(`{"a":["map",[]],"b":["map",[["k",["uuid","x"]],["l",1]]],"c":["set",["map"]],"d":["map"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) {
			return
		}
		for _, whole := range []bool{true, false} {
			passed, err := io.ReadAll(&trimmer{source: iotest.OneByteReader(strings.NewReader(text)), whole: func() bool { return whole }})
			if err != nil || !json.Valid(passed) {
				t.Errorf("whole %v: %q became %q, %v", whole, text, passed, err)
			}
			if whole && string(passed) != text {
				t.Errorf("%q became %q", text, passed)
			}
		}
	})
}

// Whoever may write rows gives the targets of connections.
func FuzzParseListener(f *testing.F) {
	f.Add("ptcp:6641:192.0.2.1", "ptcp:6641")
	f.Add("pssl:06642:[::]", "pssl::[fe80::1%eth0]")
	f.Add("punix:/x", "ptcp: 1:")
	f.Fuzz(func(t *testing.T, a, b string) {
		l, ok := parseListener(a)
		if !ok {
			return
		}
		if l.port == 0 || !l.address.IsValid() || l.protocol != "ptcp" && l.protocol != "pssl" {
			t.Errorf("%q is %+v", a, l)
		}
		if !l.covers(l) || !l.clashes(l) {
			t.Errorf("%q does not take its own port", a)
		}
		if other, ok := parseListener(b); ok && (l.covers(other) && !l.clashes(other) || l.clashes(other) != other.clashes(l)) {
			t.Errorf("%q and %q: covers %v, clashes %v, %v", a, b, l.covers(other), l.clashes(other), other.clashes(l))
		}
	})
}

func FuzzParseSessions(f *testing.F) {
	f.Add("cells:1 monitors:2 sessions:3\n")
	f.Add("sessions:-1")
	f.Fuzz(func(t *testing.T, reply string) {
		if n, err := parseSessions(reply); n < 0 || err != nil && (n != 0 || !errors.Is(err, ErrProtocol)) {
			t.Errorf("got %d, %v", n, err)
		}
	})
}

func FuzzParseVersion(f *testing.F) {
	f.Add("ovsdb-server (Open vSwitch) 3.1.0\nDB Schema 7.0.0")
	f.Add("x 3.+1.9.9")
	f.Fuzz(func(t *testing.T, text string) {
		version, ok := parseVersion(versionIn(text))
		if ok && (version[0] < 0 || version[1] < 0) {
			t.Errorf("%q is %v", text, version)
		}
	})
}

func FuzzDecodeConnections(f *testing.F) {
	f.Add(`[{"rows":[{"_uuid":["uuid","u"],"target":"ptcp:6641","inactivity_probe":5000,"external_ids":["map",[["ovndb-servers:purpose","clients"]]],"read_only":true}]}]`)
	f.Add(`[{"error":"x","details":"y"}]`)
	f.Add(`[{"rows":[null,{"_uuid":[],"inactivity_probe":["set",[]]}]}]`)
	store := &Store{database: Northbound(), limit: rowLimit()}
	want := Connection{Target: "ptcp:6641:192.0.2.1", Purpose: "clients"}
	f.Fuzz(func(t *testing.T, reply string) {
		rows, err := store.decodeConnections([]byte(reply))
		var refused *TransactionError
		if err != nil && (rows != nil || !errors.Is(err, ErrProtocol) && !errors.As(err, &refused)) {
			t.Errorf("got %v, %v", rows, err)
		}
		for _, row := range rows {
			if row.listens(want) && row.purpose == "" && row.harmful([]Connection{want}, nil) {
				t.Errorf("%+v serves in the place of ours, and is removed", row)
			}
		}
	})
}
