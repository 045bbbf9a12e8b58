package supervisor_test

import (
	"os/exec"
	"strings"
	"sync/atomic"
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
	controltest.UseInstalledSchemas(t, p.active)
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

// From the death of the active's server in a conversion: it is restarted in place, the conversion is finished,
// and the backup follows with the new schema. No row is lost, and no failure is reported to the cluster.
func TestSupervisedActiveWhoseServerDiesInAConversionFinishesIt(t *testing.T) {
	t.Parallel()
	var died atomic.Bool
	p := newUnsupervisedPair(t, func(active *control.Controller) {
		controltest.UseOlderSchemas(t, active)
		u := active.Units[0]
		controltest.OnConversion(t, &active.Units[0], func(c controltest.Conversion) []byte {
			c.Pass()
			if died.Swap(true) {
				return c.Answer()
			}
			controltest.Kill(t, u)
			return nil
		})
	})
	transact(t, p.active.Units[0], `{"op":"insert","table":"Logical_Switch","row":{"name":"row"}}`)
	controltest.UseInstalledSchemas(t, p.active)
	for i, node := range []*control.Controller{p.active, p.backup} {
		supervise(t, node, p.changed[i])
	}
	eventually(t, "the server to die", died.Load)
	for i, u := range p.active.Units {
		eventually(t, u.Name()+" to be converted", func() bool {
			version := controltest.SchemaVersion(t, p.active.Units[i])
			return version != controltest.OlderSchema && version == controltest.SchemaVersion(t, p.backup.Units[i]) && writable(t, u)
		})
	}
	eventually(t, "the backup to have the row", func() bool {
		return strings.Contains(transact(t, p.backup.Units[0], `{"op":"select","table":"Logical_Switch","where":[]}`), `"row"`)
	})
	eventually(t, "the backup to be fresh", func() bool {
		return strings.HasSuffix(p.Said(control.TopicFreshness, "node2"), " fresh")
	})
	if failed := p.Failed(); len(failed) > 0 {
		t.Errorf("failures were reported: %v", failed)
	}
}

// transact executes an operation in a database, and returns the answer.
func transact(t *testing.T, u control.Unit, operation string) string {
	t.Helper()
	out, err := exec.CommandContext(testContext(t), "ovsdb-client", "transact", "unix:"+u.Server.DataSocket,
		`["`+u.Name()+`",`+operation+`]`).CombinedOutput()
	if err != nil || strings.Contains(string(out), `"error"`) {
		t.Fatalf("%s: %v: %s", u.Server.DataSocket, err, out)
	}
	return string(out)
}
