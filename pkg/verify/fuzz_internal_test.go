package verify

import "testing"

func FuzzParseColumn(f *testing.F) {
	f.Add(`{"type":"string"}`)
	f.Add(`{"type":{"key":{"type":"uuid","refTable":"x"},"value":"string","min":0,"max":"unlimited"},"ephemeral":true}`)
	f.Add(`{"type":{"key":"integer","max":1e400}}`)
	f.Fuzz(func(t *testing.T, text string) {
		column, err := parseColumn([]byte(text))
		if err == nil && column.initial == nil {
			t.Errorf("%s is read as a column without an initial value", text)
		}
	})
}

func FuzzParseAddress(f *testing.F) {
	f.Add("unix:/run/ovn/ovnnb_db.sock")
	f.Add("./a:b")
	f.Fuzz(func(t *testing.T, text string) {
		address, err := ParseAddress(text)
		if err != nil {
			return
		}
		if again, err := ParseAddress(address.String()); err != nil || again != address {
			t.Errorf("%q is read as %v, which is read as %v, error %v", text, address, again, err)
		}
	})
}
