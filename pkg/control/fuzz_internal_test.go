package control

import (
	"os"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

// FuzzStateFiles reads each state file of the node with the same content. One that is damaged counts
// as missing, or is an error, and never predicts a restart that takes less than no time.
func FuzzStateFiles(f *testing.F) {
	f.Add(`{"record":{"term":3,"term-id":"x","node":"a"},"recorded":true,"markers":{"OVN_Northbound":null}}`)
	f.Add(`{"config":"x","leader":{"Node":"a","Sources":{}},"reasons":["y"]}`)
	f.Add("23000000 700000000")
	f.Add("3 7")
	f.Add(`{"form":1,"file":"x","content":{"rows":3,"digest":""}}`)
	f.Add("7/x a b a")
	directory := f.TempDir()
	c := &Controller{StateDir: directory, RunDir: directory}
	u := Unit{Server: ovsdbctl.Server{Database: ovsdbctl.Northbound()}}
	record := &replication.Record{Term: 7, TermID: "x"}
	files := []string{
		c.lastingFile(stateTerm), c.supervisorStateFile(), c.readTime(u).path, c.lastSeen(u).path,
		c.checkpoint(u).path, c.missedRounds().path, c.keptContent(u).path,
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, path := range files {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		own, err := c.OwnTerm()
		if (own == nil) == (err == nil) {
			t.Errorf("the own term is %v, error %v", own, err)
		}
		if own != nil {
			own.Judge(record)
			c.lastBeatSeen(u, *own)
		}
		if state, err := c.loadSupervisorState(); err == nil {
			_, _ = replication.ParseRecord(state.Record)
		}
		for _, size := range []int64{0, 1 << 20, 1 << 62} {
			if took := c.readTime(u).predict(size); took < 0 {
				t.Errorf("a file of %d bytes takes %s to read", size, took)
			}
		}
		c.checkpoint(u).load()
		if content, ok := c.keptContent(u).load("x"); ok && (content.Rows == 0) != (content.Digest == "") {
			t.Errorf("the content is %+v", content)
		}
		c.missedNodes(record)
	})
}
