package control_test

import (
	"crypto/sha1"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// generated is a node whose northbound file holds rows in marked data, and no servers.
func generated(b *testing.B, rows int) *control.Controller {
	b.Helper()
	directory := b.TempDir()
	layout, err := process.DiscoverLayout(process.Layout{RunDir: directory, DatabaseDir: directory, LogDir: directory})
	if err != nil {
		b.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	c := &control.Controller{
		Instance: "ovndb", Node: "node1", Layout: layout, Log: log,
		Units: control.Units(layout, control.Endpoint{}, control.Endpoint{})[:1],
	}
	file := c.Units[0].Files
	if out, err := exec.Command("ovsdb-tool", "create", file.Database, file.Schema).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	appendRecord(b, file.Database, `{"NB_Global":{"99999999-1111-4111-8111-111111111111":{"external_ids":["map",[`+
		`["ovndb-servers:lineage","L"],["ovndb-servers:term","3"],["ovndb-servers:term-id","T3"],["ovndb-servers:prev-term-id","T2"],`+
		`["ovndb-servers:active","node1"],["ovndb-servers:base","7+5"],["ovndb-servers:beat","9"]]]}},"Logical_Switch_Port":{`+ports(rows)+`}}`)
	return c
}

func ports(rows int) string {
	all := make([]string, rows)
	for i := range all {
		all[i] = fmt.Sprintf(`"%08x-1111-4111-8111-111111111111":{"name":"%032x","addresses":"0a:00:00:00:00:01 10.0.0.%d",`+
			`"external_ids":["map",[["neutron:port_name","port-%d"],["neutron:revision_number","1"]]]}`, i, i, i%250, i)
	}
	return strings.Join(all, ",")
}

func appendRecord(b *testing.B, path, body string) {
	b.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		b.Fatal(err)
	}
	body += "\n"
	_, err = fmt.Fprintf(file, "OVSDB JSON %d %x\n%s", len(body), sha1.Sum([]byte(body)), body)
	if err != nil || file.Close() != nil {
		b.Fatal(err)
	}
}

// BenchmarkPosition measures the time that an action spends on the position of one database.
func BenchmarkPosition(b *testing.B) {
	const rows = 100_000
	read := func(b *testing.B, c *control.Controller) {
		b.Helper()
		if got, err := c.ReadPosition(b.Context(), c.Units[0]); err != nil || got.Progress.Beat != 9 {
			b.Fatalf("%+v, %v", got, err)
		}
	}
	forget := func(b *testing.B, c *control.Controller) {
		b.Helper()
		kept, err := filepath.Glob(filepath.Join(c.Layout.RunDir, "*.position"))
		if err != nil || len(kept) != 1 || os.Remove(kept[0]) != nil {
			b.Fatalf("%q, %v", kept, err)
		}
	}
	b.Run("whole", func(b *testing.B) {
		c := generated(b, rows)
		b.ReportAllocs()
		for b.Loop() {
			read(b, c)
			forget(b, c)
		}
	})
	b.Run("checkpoint", func(b *testing.B) {
		c := generated(b, rows)
		read(b, c)
		b.ReportAllocs()
		for b.Loop() {
			read(b, c)
		}
	})
	b.Run("checkpoint and 60 KiB", func(b *testing.B) {
		c := generated(b, rows)
		read(b, c)
		for i := range 300 {
			appendRecord(b, c.Units[0].Files.Database,
				fmt.Sprintf(`{"_is_diff":true,"Logical_Switch_Port":{"%08x-1111-4111-8111-222222222222":{"name":"%060x"}}}`, i, i))
		}
		b.ReportAllocs()
		for b.Loop() {
			read(b, c)
		}
	})
	b.Run("idle supervisor", func(b *testing.B) {
		c := generated(b, rows)
		readings := c.FileReaders()
		b.ReportAllocs()
		for b.Loop() {
			if err := readings.Refresh(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
