package verify

import (
	"testing"

	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
)

func TestARowIsSettledOnceItIsTheSameOrOneCopyHasWhatTheOtherHadBefore(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name string
		a, b string // a letter is a value, at the same moment in both
		want bool
	}{
		{"the same at last", "12", "02", true},
		{"never the same", "1111", "0000", false},
		{"late, while the other moves on", "1234", "0012", true},
		{"late in the other direction", "0012", "1234", true},
		{"stands still while the other moves on", "1234", "0000", false},
		{"stands still while the other comes and goes", "1212", "0000", false},
		{"changes on its own", "1111", "0234", false},
		{"gone, and goes on the other side", "---", "11-", true},
	} {
		var c candidate
		settled := false
		for i := range row.a {
			value := func(letter byte) (d digest) {
				if letter != '-' {
					d[0] = letter
				}
				return d
			}
			settled = settled || c.observe(value(row.a[i]), value(row.b[i]))
		}
		if settled != row.want {
			t.Errorf("%s: settled is %v", row.name, settled)
		}
	}
}

func TestPiecesHandOutEveryRowOfEitherCopyOnce(t *testing.T) {
	t.Parallel()
	id := func(n byte) uuid.UUID { return uuid.UUID{15: n} }
	p := newPieces(
		map[string][]uuid.UUID{"T": {id(1), id(2), id(4)}, "U": {id(1)}, "W": {}},
		map[string][]uuid.UUID{"T": {id(2), id(3), id(4), id(5)}, "V": {id(9)}},
	)
	got := map[string][]byte{}
	for {
		table, ids := p.next()
		if len(ids) == 0 {
			break
		}
		for _, id := range ids {
			got[table] = append(got[table], id[15])
		}
		p.resize(table, len(ids), 1)
	}
	if string(got["T"]) != "\x01\x02\x03\x04\x05" || string(got["U"]) != "\x01" || string(got["V"]) != "\x09" || len(got) != 3 {
		t.Errorf("handed out are %v", got)
	}
	if done, all := p.progress(); done != 7 || all != 7 {
		t.Errorf("progress is %d of %d", done, all)
	}
}

func TestColumnTypes(t *testing.T) {
	t.Parallel()
	for definition, want := range map[string]columnType{
		`{"type":"string"}`:                                  {initial: []string{`""`}},
		`{"type":{"key":"integer"}}`:                         {initial: []string{"0"}},
		`{"type":{"key":"integer","min":0,"max":1}}`:         {initial: []string{}},
		`{"type":"boolean","ephemeral":true}`:                {initial: []string{"false"}, ephemeral: true},
		`{"type":{"key":"uuid","min":0,"max":"unlimited"}}`:  {initial: []string{}, composite: true},
		`{"type":{"key":{"type":"string"},"min":1,"max":2}}`: {initial: []string{`""`}, composite: true},
		`{"type":{"key":"string","value":"real"}}`:           {initial: []string{`""=0`}},
	} {
		got, err := parseColumn([]byte(definition))
		if err != nil || got.ephemeral != want.ephemeral || got.composite != want.composite ||
			len(got.initial) != len(want.initial) || len(want.initial) == 1 && got.initial[0] != want.initial[0] {
			t.Errorf("%s is read as %+v, %v", definition, got, err)
		}
	}
	for _, definition := range []string{`{}`, `{"type":"text"}`, `[]`, `{"type":{"key":1}}`} {
		if got, err := parseColumn([]byte(definition)); err == nil {
			t.Errorf("%s is read as %+v", definition, got)
		}
	}
}

func TestAColumnThatOneSchemaLacksHasItsInitialValueThere(t *testing.T) {
	t.Parallel()
	types := func(columns map[string]string) map[string]columnType {
		all, err := typesOf(ovsdbctl.Schema{Columns: map[string]map[string]string{"T": columns}})
		if err != nil {
			t.Fatal(err)
		}
		return all["T"]
	}
	older := types(map[string]string{"name": `{"type":"string"}`})
	newer := types(map[string]string{"name": `{"type":"string"}`, "enabled": `{"type":"boolean"}`})
	for text, same := range map[string]bool{`{"name":"x"}`: true, `{"name":"x","enabled":false}`: true, `{"name":"x","enabled":true}`: false} {
		a, err := normal(Row{{text: []byte(`{"name":"x"}`)}}, older, newer)
		if err != nil {
			t.Fatal(err)
		}
		b, err := normal(Row{{text: []byte(text)}}, newer, older)
		if err != nil {
			t.Fatal(err)
		}
		if d, differs := difference("T", uuid.UUID{}, a, b); differs == same {
			t.Errorf("%s: %+v", text, d)
		}
	}
}
