package cluster

import (
	"slices"
	"testing"
)

func TestForeignSetsAreAllButPacemakersOwn(t *testing.T) {
	t.Parallel()
	text := `<crm_config>
  <cluster_property_set id="cib-bootstrap-options"><nvpair id="x" name="a" value="b"/></cluster_property_set>
  <cluster_property_set id="ovndb-servers-records"/>
  <cluster_property_set score="1" id="ovn_ovsdb_master_server"></cluster_property_set>
</crm_config>`
	want := []string{"ovndb-servers-records", "ovn_ovsdb_master_server"}
	if got := foreignSets(text); !slices.Equal(got, want) {
		t.Errorf("foreign sets %v, want %v", got, want)
	}
}

func TestSectionOfAConfiguration(t *testing.T) {
	t.Parallel()
	cib := `<cib><configuration><resources><clone id="a"/></resources><constraints/></configuration></cib>`
	got, err := section(cib, "resources")
	if want := `<resources><clone id="a"/></resources>`; err != nil || got != want {
		t.Errorf("section %q, %v, want %q", got, err, want)
	}
	if got, err := section(cib, "nodes"); err == nil {
		t.Errorf("a section that is not there is %q", got)
	}
}

func TestServersThatNameTheirDatabaseFirst(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"ovsdb-server (Open vSwitch) 3.1.0": false, "ovsdb-server (Open vSwitch) 3.2.9": false, "ovsdb-server (Open vSwitch) 3.3.0": true,
		"ovsdb-server (Open vSwitch) 3.10.1": true, "ovsdb-server (Open vSwitch) 4.0.0": true, "2.17.9": false, "unknown": false,
	} {
		if got := namesDatabase(version); got != want {
			t.Errorf("%s: %t, want %t", version, got, want)
		}
	}
}
