package pacemaker_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
)

// updater215 answers a query as the attrd_updater of Pacemaker 2.1.5 does: for one node
// if the environment is that of an action, in spite of --all.
const updater215 = `#!/bin/sh
if [ -n "$OCF_RESKEY_CRM_meta_on_node" ]; then
	echo "<r><attribute name=\"$2\" host=\"$OCF_RESKEY_CRM_meta_on_node\" value=\"\"/></r>"
else
	echo "<r><attribute name=\"$2\" host=\"node1\" value=\"published\"/></r>"
fi
`

func TestAnActionLearnsWhatOtherNodesHavePublishedFromPacemaker215(t *testing.T) {
	directory := t.TempDir()
	if err := os.WriteFile(filepath.Join(directory, "attrd_updater"), []byte(updater215), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	t.Setenv("OCF_RESKEY_CRM_meta_on_node", "node2")
	got, err := pacemaker.Resource{Instance: "ovndb"}.Published(t.Context(), control.TopicActive)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"node1": "published"}, got); diff != "" {
		t.Errorf("wrong nodes (-want +got):\n%s", diff)
	}
}

// Public attributes are in the CIB, where crm_mon -A shows them; a change of one ends a transition.
func TestOnlyTheStateIsAPublicAttributeAndHasTheResourcesName(t *testing.T) {
	directory := t.TempDir()
	const updater = "#!/bin/sh\nprintf '%s\\n' \"$*\" >>\"$(dirname \"$0\")/calls\"\n"
	if err := os.WriteFile(filepath.Join(directory, "attrd_updater"), []byte(updater), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+":"+os.Getenv("PATH"))
	r := pacemaker.Resource{Instance: "ovndb"}
	for _, topic := range []control.Topic{control.TopicState, control.TopicActive} {
		for _, value := range []string{"ACTIVE", ""} {
			if err := r.Publish(t.Context(), topic, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	calls, err := os.ReadFile(filepath.Join(directory, "calls"))
	if err != nil {
		t.Fatal(err)
	}
	want := "-n ovndb-state -U ACTIVE\n-n ovndb-state -D\n-n ovndb-active-ovndb -U ACTIVE -p\n-n ovndb-active-ovndb -D -p\n"
	if diff := cmp.Diff(want, string(calls)); diff != "" {
		t.Errorf("wrong calls (-want +got):\n%s", diff)
	}
}
