package control_test

import (
	"crypto/sha1"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// marked is the global row of data that was promoted.
const marked = `"NB_Global":{"99999999-1111-4111-8111-111111111111":{"external_ids":["map",[` +
	`["ovndb-servers:lineage","11111111-1111-4111-8111-111111111111"],["ovndb-servers:term","3"],` +
	`["ovndb-servers:term-id","33333333-1111-4111-8111-111111111111"],["ovndb-servers:prev-term-id","22222222-1111-4111-8111-111111111111"],` +
	`["ovndb-servers:active","node1"],["ovndb-servers:base","7+5"],["ovndb-servers:beat","9"]]]}},`

// generated is a node whose northbound file holds a global row and others, and no servers.
func generated(b *testing.B, global string, rows int) *control.Controller {
	b.Helper()
	directory := b.TempDir()
	layout, err := process.DiscoverLayout(process.Layout{RunDir: directory, DatabaseDir: directory, LogDir: directory})
	if err != nil {
		b.Fatal(err)
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	c := &control.Controller{
		Instance: "ovndb", Node: "node1", Layout: layout, Log: log, RunDir: b.TempDir(),
		Units: control.Units(layout, control.Endpoint{}, control.Endpoint{})[:1],
	}
	file := c.Units[0].Files
	if out, err := exec.Command("ovsdb-tool", "create", file.Database, file.Schema).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	appendRecord(b, file.Database, `{`+global+`"Logical_Switch_Port":{`+ports(rows)+`}}`)
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

// benchmarkedRows is the number of rows in a file.
const benchmarkedRows = 100_000

// BenchmarkPosition measures the time that an action spends on the position of one database.
func BenchmarkPosition(b *testing.B) {
	read := func(b *testing.B, c *control.Controller) {
		b.Helper()
		if got, err := c.ReadPosition(b.Context(), c.Units[0]); err != nil || got.Progress.Beat != 9 {
			b.Fatalf("%+v, %v", got, err)
		}
	}
	forget := func(b *testing.B, c *control.Controller) {
		b.Helper()
		if err := os.Remove(checkpointFile(c, c.Units[0])); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("whole", func(b *testing.B) {
		c := generated(b, marked, benchmarkedRows)
		b.ReportAllocs()
		for b.Loop() {
			read(b, c)
			forget(b, c)
		}
	})
	b.Run("checkpoint", func(b *testing.B) {
		c := generated(b, marked, benchmarkedRows)
		read(b, c)
		b.ReportAllocs()
		for b.Loop() {
			read(b, c)
		}
	})
	b.Run("checkpoint and 60 KiB", func(b *testing.B) {
		c := generated(b, marked, benchmarkedRows)
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
		c := generated(b, marked, benchmarkedRows)
		readings := c.FileReaders()
		b.ReportAllocs()
		for b.Loop() {
			if err := readings.Refresh(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkUnmarkedPosition measures the time that an action spends on the digest of data without a marker.
func BenchmarkUnmarkedPosition(b *testing.B) {
	for name, again := range map[string]bool{"unmarked": false, "unmarked, at rest": true} {
		b.Run(name, func(b *testing.B) {
			c := generated(b, "", benchmarkedRows)
			readUnmarked(b, c)
			b.ReportAllocs()
			for b.Loop() {
				if !again && os.Remove(contentFile(c, c.Units[0])) != nil {
					b.Fatal("the content was not kept")
				}
				readUnmarked(b, c)
			}
		})
	}
}

func readUnmarked(b *testing.B, c *control.Controller) {
	b.Helper()
	if got, err := c.ReadPosition(b.Context(), c.Units[0]); err != nil || got.Content == "" {
		b.Fatalf("%+v, %v", got, err)
	}
}
