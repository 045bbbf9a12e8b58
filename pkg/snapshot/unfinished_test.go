package snapshot_test

import (
	"bytes"
	"os"
	"os/exec"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/snapshot"
)

// databaseFile returns what a server with two rows has in its file.
func databaseFile(t *testing.T) []byte {
	t.Helper()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	for _, name := range []string{"first", "last"} {
		out, err := exec.CommandContext(t.Context(), "ovsdb-client", "transact", "unix:"+server.DataSocket,
			`["OVN_Northbound",{"op":"insert","table":"Logical_Switch","row":{"name":"`+name+`"}},{"op":"commit","durable":true}]`).CombinedOutput()
		if err != nil || bytes.Contains(out, []byte("error")) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	content, err := os.ReadFile(server.File)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestASnapshotOfAFileThatIsCutShortHasItsWholeRecords(t *testing.T) {
	t.Parallel()
	content := databaseFile(t)
	lastRecord := bytes.LastIndex(content, []byte("OVSDB JSON "))
	for _, missing := range []int{1, 20, len(content) - lastRecord - 5} {
		p := newPlace(t, string(content[:len(content)-missing]))
		info := p.take("OVN_Northbound", "test")
		if info.SizeBytes != int64(lastRecord) || info.SizeBytes+info.CutBytes != int64(len(content)-missing) {
			t.Errorf("%d bytes are missing at the end, and the copy is %d bytes long without %d, the whole records are %d",
				missing, info.SizeBytes, info.CutBytes, lastRecord)
		}
		rows, err := snapshot.Read(t.Context(), open(t, p.Path(info.Name)), "OVN_Northbound", []string{"Logical_Switch"})
		if err != nil || len(rows["Logical_Switch"]) != 1 {
			t.Errorf("%d bytes are missing at the end, and the rows are %v, %v", missing, rows, err)
		}
		if got, err := os.ReadFile(p.file); err != nil || len(got) != len(content)-missing {
			t.Errorf("the file itself is now %d bytes long, %v", len(got), err)
		}
	}
}

func TestASnapshotOfAWholeOrADamagedFileHasAllOfIt(t *testing.T) {
	t.Parallel()
	content := databaseFile(t)
	damaged := bytes.Clone(content)
	damaged[bytes.Index(damaged, []byte(`"first"`))+1] = 'F'
	longer := bytes.Replace(content, []byte("OVSDB JSON "), []byte("OVSDB JSON 9"), 1) // a length beyond the end of the file
	for name, text := range map[string][]byte{"whole": content, "damaged": damaged, "wrong length": longer, "empty": nil} {
		p := newPlace(t, string(text))
		info := p.take("OVN_Northbound", "test")
		kept, err := os.ReadFile(p.Path(info.Name))
		if err != nil || !bytes.Equal(kept, text) || info.CutBytes != 0 || info.SizeBytes != int64(len(text)) {
			t.Errorf("%s: the copy differs: %d of %d bytes, %v", name, len(kept), len(text), err)
		}
	}
}
