package control

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

func TestRestartIsPredictedByTheLastOneOfAFileOfSomeSize(t *testing.T) {
	t.Parallel()
	const mega = 1 << 20
	for _, tt := range []struct {
		name    string
		noted   string
		size    int64 // of a restart that is measured
		took    time.Duration
		predict int64
		want    time.Duration
	}{
		{name: "nothing was measured", predict: 100e6, want: 3 * time.Second},
		{name: "the same file", size: 100 * mega, took: 5 * time.Second, predict: 100 * mega, want: 5 * time.Second},
		{name: "a file that has grown", size: 100 * mega, took: 5 * time.Second, predict: 200 * mega, want: 10 * time.Second},
		{name: "a file that takes no time but that of the process", size: mega, took: time.Second, predict: 100e6, want: 3 * time.Second},
		{name: "the clock stood still", size: 100 * mega, predict: 100e6, want: 3 * time.Second},
		{name: "a note that makes no sense", noted: "0 5", predict: 100e6, want: 3 * time.Second},
		{name: "no file", predict: 0, want: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := readTime{note{path: filepath.Join(t.TempDir(), "db.read-time")}}
			if tt.noted != "" {
				if err := n.write(tt.noted); err != nil {
					t.Fatal(err)
				}
			}
			if err := n.save(tt.size, tt.took); err != nil {
				t.Fatal(err)
			}
			if got := n.predict(tt.predict).Round(time.Millisecond); got != tt.want {
				t.Errorf("%d bytes are predicted to take %s, want %s", tt.predict, got, tt.want)
			}
		})
	}
}

func TestRestartOfANodeThatLeadsIsPredictedWithACopyForEachOtherMember(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		record string // of the term that this node leads; empty for none
		want   time.Duration
	}{
		"a backup":                 {want: 0},
		"two members":              {record: "4 id4 node1 members=node1,node2,node3", want: 4 * time.Second},
		"one member":               {record: "4 id4 node1 members=node1,node3", want: 2 * time.Second},
		"no member":                {record: "4 id4 node1 members=node1", want: 0},
		"members that are unknown": {record: "4 id4 node1", want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := t.TempDir()
			c := &Controller{RunDir: directory, StateDir: directory, Units: Units(process.Layout{DatabaseDir: directory}, Endpoint{}, Endpoint{})}
			u := c.Units[0]
			must(t, os.WriteFile(u.Files.Database, make([]byte, 1000), 0o600))
			must(t, c.readTime(u).write("1000 1000000000"))
			if tt.record != "" {
				record, err := replication.ParseRecord(tt.record)
				must(t, err)
				must(t, c.saveOwnTerm(replication.OwnTerm{Record: *record, Recorded: true}))
			}
			got, err := c.PredictRestart(u.Name())
			must(t, err)
			if want := (RestartPrediction{Read: time.Second, Copies: tt.want}); got != want {
				t.Errorf("predicted are %+v, want %+v", got, want)
			}
		})
	}
}
