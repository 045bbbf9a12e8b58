package control_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/snapshot"
)

// insert adds rows to a node's northbound database, each acknowledged.
func insert(t *testing.T, c *control.Controller, names ...string) {
	t.Helper()
	for _, name := range names {
		transact(t, c, fmt.Sprintf(`["OVN_Northbound",{"op":"insert","table":"Logical_Switch","row":{"name":%q}}]`, name))
	}
}

// rows returns the names in a node's northbound database, sorted.
func rows(t *testing.T, c *control.Controller) []string {
	t.Helper()
	reply := transact(t, c, `["OVN_Northbound",{"op":"select","table":"Logical_Switch","where":[],"columns":["name"]}]`)
	return parseNames(t, reply)
}

func parseNames(t *testing.T, reply []byte) []string {
	t.Helper()
	var results []struct {
		Rows []struct{ Name string }
	}
	must(t, json.Unmarshal(reply, &results))
	var names []string
	for _, r := range results[0].Rows {
		names = append(names, r.Name)
	}
	slices.Sort(names)
	return names
}

// transact executes a transaction in a node's northbound database.
func transact(t *testing.T, c *control.Controller, operations string) []byte {
	t.Helper()
	return transactOn(t, c.Units[0], operations)
}

// transactOn executes a transaction in one of a node's databases.
func transactOn(t *testing.T, u control.Unit, operations string) []byte {
	t.Helper()
	out, err := exec.CommandContext(testContext(t), "ovsdb-client", "transact", "unix:"+u.Server.DataSocket, operations).CombinedOutput()
	if err != nil || strings.Contains(string(out), `"error"`) {
		t.Fatalf("%s: %v: %s", u.Server.DataSocket, err, out)
	}
	return out
}

// snapshots returns the names in the first snapshot of each kind of a node's northbound database.
func snapshots(t *testing.T, c *control.Controller) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	eachSnapshot(t, c, func(info snapshot.Info) { found[info.Why] = namesIn(t, c, info) })
	return found
}

// inSnapshot reports whether a name is in any snapshot of a kind of a node's northbound database.
func inSnapshot(t *testing.T, c *control.Controller, kind, name string) bool {
	t.Helper()
	found := false
	eachSnapshot(t, c, func(info snapshot.Info) {
		found = found || info.Why == kind && slices.Contains(namesIn(t, c, info), name)
	})
	return found
}

// eachSnapshot calls f for each snapshot of a node's northbound database, the newest first.
func eachSnapshot(t *testing.T, c *control.Controller, f func(info snapshot.Info)) {
	t.Helper()
	all, err := c.SnapshotDirectory().List()
	must(t, err)
	for _, info := range all {
		if info.Database == nb {
			f(info)
		}
	}
}

func namesIn(t *testing.T, c *control.Controller, info snapshot.Info) []string {
	t.Helper()
	out, err := exec.CommandContext(testContext(t), "ovsdb-tool", "query", c.SnapshotDirectory().Path(info.Name),
		`["OVN_Northbound",{"op":"select","table":"Logical_Switch","where":[],"columns":["name"]}]`).Output()
	must(t, err)
	return parseNames(t, out)
}

// wantRows awaits the rows of a node: replication takes a moment.
func wantRows(t *testing.T, c *control.Controller, want ...string) {
	t.Helper()
	slices.Sort(want)
	eventually(t, fmt.Sprintf("node %s to hold %q", c.Node, want), func() bool { return slices.Equal(rows(t, c), want) })
}

func removeFile(t *testing.T, path string) {
	t.Helper()
	must(t, os.Remove(path))
}
