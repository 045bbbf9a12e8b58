package snapshot

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/printable"
)

func FuzzDescription(f *testing.F) {
	f.Add([]byte(`{"name":"../x","database":"x","number":77,"reason":"red","file":"f","cut_bytes":1}`))
	directory := f.TempDir()
	const name = "OVN_Northbound.000001.20260101T000000Z.ahead"
	if _, isName := parseName(name); !isName {
		f.Fatalf("%s names no snapshot", name)
	}
	if err := os.WriteFile(filepath.Join(directory, name+".db"), nil, 0o600); err != nil {
		f.Fatal(err)
	}
	root, err := os.OpenRoot(directory)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(directory, name+infoSuffix), text, 0o600); err != nil {
			t.Fatal(err)
		}
		info, err := describe(root, name)
		if err != nil || info.Name != name || info.Database != "OVN_Northbound" || info.Number != 1 {
			t.Fatalf("got %+v, %v", info, err)
		}
		if strings.ContainsFunc(info.File+info.Reason+info.Position, func(r rune) bool { return r != '\ufffd' && printable.Unprintable(r) }) {
			t.Errorf("got %+v", info)
		}
	})
}

func FuzzParseName(f *testing.F) {
	f.Add("OVN_Northbound.000001.20260101T000000Z.ahead")
	f.Add("OVN_Northbound.20260101T000000.000000000Z.was-active")
	f.Fuzz(func(t *testing.T, name string) {
		info, isName := parseName(name)
		if isName && (filepath.Base(info.Name) != info.Name || info.Name != name) {
			t.Errorf("%q is read as %+v", name, info)
		}
	})
}
