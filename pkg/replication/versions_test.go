package replication_test

import (
	"maps"
	"testing"

	"ovndb-servers/pkg/replication"
)

// A node of an earlier version reads the schemas alone, and one of this version reads what that one publishes.
func TestVersionsArePublishedBesideSchemasWhoseReadersLeaveThemOut(t *testing.T) {
	t.Parallel()
	const schemas = "OVN_Northbound=7.0.0 OVN_Southbound=20.27.0"
	versions := replication.Versions{replication.ProgramAgent: "v1-2-gabc:x", replication.ProgramServer: "3.5.0"}
	text := schemas + " " + versions.String()
	if want := schemas + " ovndb-servers:v1-2-gabc:x ovsdb-server:3.5.0"; text != want {
		t.Errorf("published is %q, want %q", text, want)
	}
	if got := replication.ParseSchemas(text); got.String() != schemas {
		t.Errorf("schemas %v", got)
	}
	if pending := replication.PendingUpgrades(replication.ReadSchemas(map[string]string{"node1": text, "node2": schemas})); pending != nil {
		t.Errorf("waits for %+v", pending)
	}
	if got := replication.ParseVersions(text); !maps.Equal(got, versions) {
		t.Errorf("versions %v, want %v", got, versions)
	}
	if got := replication.ReadVersions(map[string]string{"node1": schemas + " other"}); len(got) != 1 || len(got["node1"]) != 0 {
		t.Errorf("of an earlier version: %v", got)
	}
}

// A version of any text, as the build records it, becomes no schema and no second word.
func TestAVersionThatIsNoWordIsNotPublished(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "OVN_Northbound=9.0.0", "1 OVN_Northbound=9.0.0", "1\n2", " 1"} {
		versions := replication.Versions{replication.ProgramAgent: version, replication.ProgramServer: "3.5.0"}
		if got, want := versions.String(), "ovsdb-server:3.5.0"; got != want {
			t.Errorf("%q: published is %q, want %q", version, got, want)
		}
	}
}

func FuzzParseVersions(f *testing.F) {
	f.Add("OVN_Northbound=7.0.0 ovndb-servers:1:2 ovsdb-server:3.5.0 other")
	f.Add(": x: :y a:b=c")
	f.Fuzz(func(t *testing.T, text string) {
		got := replication.ParseVersions(text)
		if again := replication.ParseVersions(got.String()); !maps.Equal(got, again) {
			t.Errorf("%q is read as %v, written and read again as %v", text, got, again)
		}
		if schemas := replication.ParseSchemas(got.String()); len(schemas) > 0 {
			t.Errorf("%q is written as the schemas %v", text, schemas)
		}
	})
}
