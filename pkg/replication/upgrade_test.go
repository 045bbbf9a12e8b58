package replication_test

import (
	"reflect"
	"slices"
	"testing"

	"ovndb-servers/pkg/replication"
)

func TestDatabaseIsConvertedOnceThePackagesOfAllNodesBringTheNewerSchema(t *testing.T) {
	t.Parallel()
	const db = "OVN_Northbound"
	published := func(texts ...string) map[string]replication.Schemas {
		all := map[string]replication.Schemas{}
		for i, text := range texts {
			all[[]string{"n1", "n2", "n3"}[i]] = replication.ParseSchemas(text)
		}
		return all
	}
	for name, tt := range map[string]struct {
		served, installed string
		published         map[string]replication.Schemas
		members           []string
		due               bool
		waits             []string
	}{
		"all have it":                         {"6.9.0", "6.10.0", published(db+"=6.10.0", db+"=6.10.0 more=1 other"), []string{"n1", "n2"}, true, nil},
		"this node alone":                     {"6.9.0", "6.10.0", published(db + "=6.10.0"), nil, true, nil},
		"one has the older":                   {"6.9.0", "6.10.0", published(db+"=6.10.0", db+"=6.9.0"), []string{"n1", "n2"}, false, []string{"n2"}},
		"one has a newer":                     {"6.9.0", "6.10.0", published(db+"=6.10.0", db+"=7.0.0"), nil, false, []string{"n2"}},
		"a member is away":                    {"6.9.0", "6.10.0", published(db+"=6.10.0", db+"=6.10.0"), []string{"n1", "n3"}, false, []string{"n3"}},
		"a node that is no member runs":       {"6.9.0", "6.10.0", published(db+"=6.10.0", db+"=6.10.0", "OVN_Southbound=6.10.0"), []string{"n1"}, false, []string{"n3"}},
		"the server has it":                   {"6.10.0", "6.10.0", published(db + "=6.10.0"), nil, false, nil},
		"the package is older":                {"6.10.0", "6.9.0", published(db+"=6.9.0", ""), nil, false, nil},
		"the version cannot be read":          {"6.9", "6.10.0", published(db + "=6.10.0"), nil, false, nil},
		"numbers are compared, and not texts": {"6.10.0", "6.9.9", published(db + "=6.9.9"), nil, false, nil},
	} {
		due, waits := replication.Upgrade{
			Database: db, Served: tt.served, Installed: tt.installed, Published: tt.published, Members: tt.members,
		}.Decide()
		if due != tt.due || !slices.Equal(waits, tt.waits) {
			t.Errorf("%s: due %t, waits for %v; want %t, %v", name, due, waits, tt.due, tt.waits)
		}
	}
}

func TestUpgradeWaitsForTheNodesWithoutTheNewestSchema(t *testing.T) {
	t.Parallel()
	const nb, sb = "OVN_Northbound", "OVN_Southbound"
	schemas := func(nbVersion, sbVersion string) replication.Schemas {
		return replication.Schemas{nb: nbVersion, sb: sbVersion}
	}
	for name, tt := range map[string]struct {
		published map[string]replication.Schemas
		want      []replication.PendingUpgrade
	}{
		"all have the same": {map[string]replication.Schemas{"n1": schemas("7.0.0", "20.1.0"), "n2": schemas("7.0.0", "20.1.0")}, nil},
		"one is newer in one database": {
			map[string]replication.Schemas{"n1": schemas("7.0.0", "20.10.0"), "n2": schemas("7.0.0", "20.9.0")},
			[]replication.PendingUpgrade{{Database: sb, Version: "20.10.0", Missing: []string{"n2"}}},
		},
		"one has published no version": {
			map[string]replication.Schemas{"n1": {nb: "7.0.0"}, "n3": {}},
			[]replication.PendingUpgrade{{Database: nb, Version: "7.0.0", Missing: []string{"n3"}}},
		},
		"one has published a version that is none": {
			map[string]replication.Schemas{"n1": {nb: "x"}, "n2": {nb: "7.0.0"}},
			[]replication.PendingUpgrade{{Database: nb, Version: "7.0.0", Missing: []string{"n1"}}},
		},
		"nothing is published": {nil, nil},
	} {
		if got := replication.PendingUpgrades(tt.published); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}

func TestSchemasArePublishedAsTheyAreRead(t *testing.T) {
	t.Parallel()
	const text = "OVN_Northbound=7.0.0 OVN_Southbound=20.27.0"
	if got := replication.ParseSchemas(text).String(); got != text {
		t.Errorf("%q", got)
	}
}
