package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/process"
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
		rows, err := snapshot.Read(t.Context(), open(t, p.Path(info.Name)), process.Owner{}, "OVN_Northbound", []string{"Logical_Switch"})
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

// brief is a context that ends after it has been looked at a number of times.
type brief struct {
	context.Context //nolint:containedctx // it is one

	looks int
}

func (b *brief) Err() error {
	if b.looks--; b.looks < 0 {
		return context.DeadlineExceeded
	}
	return nil
}

// untilTaken tries to take a snapshot in attempts that are each too short for it.
func untilTaken(t *testing.T, p place, between func(attempt int)) snapshot.Info {
	t.Helper()
	for attempt := range 50 {
		info, _, err := p.Take(&brief{t.Context(), 3}, p.info("NB", "ahead"))
		if err == nil {
			return info
		}
		if !errors.Is(err, context.DeadlineExceeded) || len(p.list()) > 0 {
			t.Fatalf("attempt %d: %v, and listed are %v", attempt, err, p.list())
		}
		between(attempt)
	}
	t.Fatal("each attempt begins from the start")
	return snapshot.Info{}
}

func TestACopyThatNeedsMoreTimeThanEachAttemptHasIsTaken(t *testing.T) {
	t.Parallel()
	random := make([]byte, 40<<20)
	_, _ = rand.NewChaCha8([32]byte{}).Read(random)
	for name, change := range map[string]func(p place){
		"of a file that stays as it is": func(place) {},
		"of a file that is written to meanwhile": func(p place) {
			random[7]++
			p.write(string(random))
		},
		"of a file that is replaced meanwhile": func(p place) {
			random[7]++
			if err := os.Remove(p.file); err != nil {
				t.Error(err)
			}
			p.write(string(random))
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t, string(random))
			info := untilTaken(t, p, func(attempt int) {
				if attempt == 2 {
					change(p)
				}
			})
			if kept, err := os.ReadFile(p.Path(info.Name)); err != nil || !bytes.Equal(kept, random) {
				t.Errorf("the copy differs: %d bytes, %v", len(kept), err)
			}
			if left := p.left(); len(left) != 2 {
				t.Errorf("left are %v", left)
			}
		})
	}
}
