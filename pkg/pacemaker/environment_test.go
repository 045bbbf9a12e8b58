package pacemaker_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/replication"
)

// Pacemaker sets CRM_meta_on_node for every action. Its own attrd_updater 2.1.5 then
// answers a query for all nodes with that node's value only; the program below does
// the same.
func TestAQueryForAllNodesIsNotNarrowedByTheActionsEnvironment(t *testing.T) {
	directory := t.TempDir()
	program := `#!/bin/sh
echo 'name="ovndb-active-ovndb" host="node2" value="here"'
[ -n "$OCF_RESKEY_CRM_meta_on_node" ] || echo 'name="ovndb-active-ovndb" host="node1" value="there"'
`
	if err := os.WriteFile(filepath.Join(directory, "attrd_updater"), []byte(program), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	t.Setenv("OCF_RESKEY_CRM_meta_on_node", "node2")
	got, err := pacemaker.Resource{Instance: "ovndb"}.Published(t.Context(), replication.TopicActive)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"node1": "there", "node2": "here"}, got); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
}
