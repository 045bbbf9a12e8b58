package supervisor_test

import (
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
)

// From two nodes of an older package, supervised: when both have the newer one, the active's databases are
// converted, the backup follows with the new schema, and no failure is reported to the cluster.
func TestSupervisedNodesTakeTheNewSchemaWhenBothPackagesHaveIt(t *testing.T) {
	t.Parallel()
	p := newUnsupervisedPair(t, func(active *control.Controller) { controltest.UseOlderSchemas(t, active) })
	for i, node := range []*control.Controller{p.active, p.backup} {
		p.stop[i] = supervise(t, node, p.changed[i])
	}
	eventually(t, "the backup to take the older schema", func() bool { return controltest.SchemaVersion(t, p.backup.Units[0]) == controltest.OlderSchema })
	p.stop[0]()
	controltest.UseInstalledSchemas(p.active)
	supervise(t, p.active, p.changed[0])
	for i, u := range p.active.Units {
		eventually(t, u.Name()+" to be converted", func() bool {
			return controltest.SchemaVersion(t, p.active.Units[i]) != controltest.OlderSchema && writable(t, u)
		})
		eventually(t, "the backup to have the new schema", func() bool {
			return controltest.SchemaVersion(t, p.backup.Units[i]) == controltest.SchemaVersion(t, p.active.Units[i]) && !writable(t, p.backup.Units[i])
		})
	}
	eventually(t, "the backup to be fresh", func() bool {
		return strings.HasSuffix(p.Said(control.TopicFreshness, "node2"), " fresh")
	})
	if failed := p.Failed(); len(failed) > 0 {
		t.Errorf("failures were reported: %v", failed)
	}
}
