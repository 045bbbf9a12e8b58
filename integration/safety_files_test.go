//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The resource is stopped, one node's database file is removed, and the resource is
// started again: that node is not promoted, and no row is lost anywhere.
func TestSafetyMissingFileNeverLeads(t *testing.T) {
	shortOnlyOn(t, cluster.Bookworm)
	s := newTrial(t)
	active, others := s.promoted()
	for i, node := range append([]string{active}, others...) {
		went := s.step(node, func(s *trial) {
			if i > 0 {
				skipIfShort(s.t)
			}
			s.restart(func() {
				s.exec(node, "rm", ovsdb.Northbound().File)
			})
			s.wantNeverLed(node)
			s.wantRows(s.NodeNames()...)
		})
		if !went {
			return
		}
	}
	s.end()
}

// restart stops the whole resource, under the writers, changes files, and starts it
// again.
func (s *trial) restart(change func()) {
	s.t.Helper()
	s.awaitMore(50)
	s.check(s.StopResource(s.ctx))
	before := s.record()
	change()
	s.check(s.StartResource(s.ctx))
	s.awaitCluster("the cluster to settle", s.Settled())
	if after := s.record(); after == before {
		s.t.Errorf("no promotion was recorded after %q", before)
	}
}

// record returns the cluster's record of the current term.
func (s *trial) record() string {
	s.t.Helper()
	text, err := s.Control(s.ctx, queryRecord()...)
	s.check(err)
	return text
}

// queryRecord is the command that prints the cluster record.
func queryRecord() []string {
	return []string{
		"crm_attribute", "--type", "crm_config", "--set-name", recordSet, "--name", "ovndb-record-" + cluster.Resource, "--query", "--quiet",
	}
}

// wantNeverLed checks that a node is not promoted and did not begin the current term.
func (s *trial) wantNeverLed(node string) {
	s.t.Helper()
	active, _ := s.promoted()
	if record := s.record(); active == node || led(record) == node {
		s.t.Errorf("promoted is %s, and the record is %q, but %s must not lead", active, record, node)
	}
}

// led returns the node that leads the term of a record, or led it: "TERM TERM-ID NODE ...".
func led(record string) string {
	fields := strings.Fields(record)
	if len(fields) < 3 {
		return ""
	}
	return fields[2]
}

// A database file whose last record was cut short by a crash loses that record
// alone, which was never acknowledged.
func TestSafetyTornFile(t *testing.T) {
	skipIfShort(t)
	s := newTrial(t)
	node, file := s.NodeNames()[0], ovsdb.Northbound().File
	s.restart(func() {
		s.exec(node, "sh", "-c", "tail -n 2 "+file+" | head -c -20 >> "+file)
	})
	s.end()
}

// A database file that was truncated never leads over whole ones.
func TestSafetyTruncatedFileNeverLeads(t *testing.T) {
	for _, tt := range []struct {
		name    string
		led     bool // the node whose file is cut short was the active one
		percent int
	}{
		{"half, of the active", true, 50},
		{"almost all, of the active", true, 99},
		{"almost all, of a replica", false, 99},
	} {
		t.Run(tt.name, func(t *testing.T) {
			skipIfShort(t)
			s := newTrial(t)
			node, others := s.promoted()
			if !tt.led {
				node = others[0]
			}
			file := ovsdb.Northbound().File
			s.restart(func() {
				size, err := strconv.Atoi(s.exec(node, "stat", "-c", "%s", file))
				s.check(err)
				s.exec(node, "truncate", "-s", strconv.Itoa(size*tt.percent/100), file)
			})
			s.wantNeverLed(node)
			s.end()
		})
	}
}

// The file of the active server is replaced by an earlier copy while the server runs, and
// does not notice. When it dies, a node leads that has the rows.
func TestSafetyActiveWhoseFileWasReplacedDoesNotLead(t *testing.T) {
	skipIfShort(t)
	s := newTrial(t)
	node, _ := s.promoted()
	nb := ovsdb.Northbound()
	s.exec(node, "cp", "-p", nb.File, nb.File+".earlier")
	s.awaitBeats(node, nb, 3)
	written := s.writers
	for _, writer := range written {
		writer.Stop() // a row that no backup has would be in no file any more
	}
	s.wantRows(s.NodeNames()...)
	s.exec(node, "mv", nb.File+".earlier", nb.File)
	_, err := s.Kill(s.ctx, node, nb.PIDFile, syscall.SIGKILL)
	s.check(err)
	s.awaitCluster("another node to be promoted", cluster.All(s.Settled(), cluster.PromotedElsewhere(node)))
	s.wantNeverLed(node)
	s.wantRows(s.NodeNames()...)
	s.writers = nil
	for _, db := range databases() {
		s.addWriter(db)
	}
	s.end()
}

// awaitBeats awaits that a database file has that many more beats than now.
func (s *trial) awaitBeats(node string, db ovsdb.Database, more int) {
	s.t.Helper()
	beats := func() int {
		count, err := strconv.Atoi(s.exec(node, "grep", "-c", "ovndb-servers:beat", db.File))
		s.check(err)
		return count
	}
	want := beats() + more
	s.await(fmt.Sprintf("%d more beats", more), func(context.Context) error {
		if got := beats(); got < want {
			return fmt.Errorf("%d beats, waiting for %d", got, want)
		}
		return nil
	})
}

// A database of another origin is neither led by nor overwritten: the node stays
// apart, and monitor says why.
func TestSafetyForeignFileIsRefused(t *testing.T) {
	skipIfShort(t)
	s := newTrial(t)
	node, nb := s.NodeNames()[0], ovsdb.Northbound()
	const foreign = "5f2a8c7e-0000-4000-8000-000000000000"
	s.t.Cleanup(func() { // the node starts again, without the foreign file
		s.undo(func(ctx context.Context) error {
			_, err := s.MustExec(ctx, node, "rm", "-f", nb.File)
			return err
		})
		s.undo(s.StartResource)
	})
	s.t.Cleanup(func() { s.undo(s.StopResource) })
	s.restart(func() {
		s.markCold(node, nb, map[string]string{
			"ovndb-servers:lineage": foreign, "ovndb-servers:term-id": foreign, "ovndb-servers:prev-term-id": "",
			"ovndb-servers:term": "1000000",
		})
	})
	s.wantNeverLed(node)
	s.await("monitor to refuse the foreign file", func(ctx context.Context) error {
		result, err := s.RunAgent(ctx, node, "monitor", nil)
		if err == nil && (result.Code != exitDegraded || !strings.Contains(exitReason(result), foreign)) {
			err = fmt.Errorf("monitor: %s", result)
		}
		return err
	})
	names, err := s.NamesOn(s.ctx, node, nb)
	s.check(err)
	if len(names) == 0 {
		t.Error("the foreign data was discarded")
	}
	s.awaitMore(5)
	s.wantRows(s.without(node)...)
}

// markCold changes keys of the global row's external_ids in a database file that no
// server has open.
func (s *trial) markCold(node string, db ovsdb.Database, keys map[string]string) {
	s.t.Helper()
	pairs, gone := [][2]string{}, []string{}
	for key, value := range keys {
		pairs, gone = append(pairs, [2]string{key, value}), append(gone, key)
	}
	text, err := json.Marshal(db.Transaction(ovsdb.Operation{
		"op": "mutate", "table": globalTable(db), "where": []any{}, "mutations": []any{
			[]any{"external_ids", "delete", []any{"set", gone}},
			[]any{"external_ids", "insert", []any{"map", pairs}},
		},
	}))
	s.check(err)
	s.exec(node, "ovsdb-tool", "transact", db.File, string(text))
}

// globalTable returns the name of the table with the one global row.
func globalTable(db ovsdb.Database) string {
	if db.Name == ovsdb.Northbound().Name {
		return "NB_Global"
	}
	return "SB_Global"
}

// olderSchema returns a northbound schema of an earlier version, which lacks a column; another one can be
// replicated neither into the present one nor back.
func olderSchema(text string) ([]byte, error) {
	var schema map[string]any
	if err := json.Unmarshal([]byte(text), &schema); err != nil {
		return nil, err
	}
	tables, _ := schema["tables"].(map[string]any)
	global, _ := tables["NB_Global"].(map[string]any)
	columns, _ := global["columns"].(map[string]any)
	if columns["ipsec"] == nil {
		return nil, errors.New("NB_Global has no column ipsec")
	}
	delete(columns, "ipsec")
	columns["options"] = map[string]any{"type": map[string]any{"key": "string", "value": "string", "min": 0, "max": 1000}}
	schema["version"] = "5.0.0"
	delete(schema, "cksum")
	return json.Marshal(schema)
}
