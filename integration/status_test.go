//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"strings"
	"syscall"
	"testing"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The exit codes of the tool's commands that are not [exitSuccess].
const (
	toolDegraded = 1
	toolCritical = 2
)

// status is the JSON that the tool prints, as far as it is checked here.
type status struct {
	Node, Resource, Health string
	Healthy                bool
	Problems               []string
	Servers                []struct {
		Database, Role, File string
		ReplicatesFrom       string `json:"replicates_from"`
		Connected            bool
	}
	Cluster struct {
		Available bool
		Nodes     []struct {
			Name, Role string
			Score      *int
		}
	}
}

// status runs the tool, which has to end with a code, in both formats.
func (h hand) status(node string, code int) (table string, parsed status) {
	h.t.Helper()
	for _, format := range []string{"table", "json"} {
		result, err := h.Exec(h.ctx, node, "ovndb-servers", "status", "-o", format)
		if err != nil {
			h.t.Fatal(err)
		}
		if result.Code != code {
			h.t.Fatalf("status -o %s on %s: %s, want exit code %d", format, node, result, code)
		}
		if format == "table" {
			table = result.Stdout
		} else if err := json.Unmarshal([]byte(result.Stdout), &parsed); err != nil {
			h.t.Fatalf("status on %s: %v: %s", node, err, result)
		}
	}
	return table, parsed
}

// In a healthy cluster the tool says so on every node, and shows the nodes' roles.
func TestStatusOfHealthyCluster(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	ctx, c := sharedCluster(t)
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h := hand{Cluster: c, t: t, ctx: ctx}
	promoted, err := c.Node(view.Promoted())
	h.check(err)
	for _, node := range c.NodeNames() {
		table, parsed := h.status(node, exitSuccess)
		if !parsed.Healthy || len(parsed.Problems) > 0 || parsed.Node != node || parsed.Resource != cluster.Resource || len(parsed.Servers) != 2 {
			t.Fatalf("%s: %+v", node, parsed)
		}
		for i, db := range databases() {
			source := "tcp:" + promoted.Address.String() + ":" + db.Port
			if node == promoted.Name {
				source = ""
			}
			wantServer(t, parsed, i, db, source)
			if strings.Count(table, db.Name) != len(c.NodeNames()) {
				t.Errorf("%s: %s is not in the table once for each node:\n%s", node, db.Name, table)
			}
		}
		wantRoles(t, parsed, view)
	}
}

// wantServer checks the entry of a node's server, which replicates from source.
func wantServer(t *testing.T, said status, i int, db ovsdb.Database, source string) {
	t.Helper()
	server := said.Servers[i]
	if server.Database != db.Name || server.ReplicatesFrom != source || server.Connected != (source != "") || server.File != db.File {
		t.Errorf("%s: %+v, want %s from %q", said.Node, server, db.Name, source)
	}
}

// wantRoles checks the entries of the nodes against Pacemaker's view.
func wantRoles(t *testing.T, said status, view cluster.View) {
	t.Helper()
	for _, other := range said.Cluster.Nodes {
		if other.Role != string(view.RoleOf(other.Name)) || other.Score == nil {
			t.Errorf("%s: of %s it is said %+v", said.Node, other.Name, other)
		}
	}
}

// Where a backup does not follow the promoted node, the tool says that something is
// wrong, and names the server; on the other nodes nothing is.
func TestStatusOfBackupThatDoesNotFollow(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	ctx, c := sharedCluster(t)
	view, err := c.View(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h := hand{Cluster: c, t: t, ctx: ctx}
	node, sb := view.In(cluster.Unpromoted)[0], ovsdb.Southbound()
	h.check(c.SetProperty(ctx, "maintenance-mode", "true")) // or the next monitor repairs it
	h.check(c.AwaitIdle(ctx))
	h.signalSupervisor(node, syscall.SIGSTOP) // or it does
	t.Cleanup(func() {
		h.undo(func(ctx context.Context) error {
			_, err := c.Kill(ctx, node, supervisorPIDFile, syscall.SIGCONT)
			return err
		})
	})
	h.park(node, sb)
	table, parsed := h.status(node, toolDegraded)
	if parsed.Healthy || len(parsed.Problems) != 1 || !strings.Contains(parsed.Problems[0], sb.Name) || !strings.Contains(table, "problem: ") {
		t.Errorf("%+v\n%s", parsed, table)
	}
	h.status(view.Promoted(), exitSuccess)
	h.signalSupervisor(node, syscall.SIGCONT)
	h.check(c.SetProperty(ctx, "maintenance-mode", ""))
	h.awaitMonitor(node, exitSuccess)
}
