package pacemaker_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/pacemaker"
)

const queried = `name="master-ovndb" host="node1" value="100"
name="master-ovndb" host="node2" value="50"
name="master-ovndb" host="node3" value=""
`

func TestParseAttributeValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, attribute, out string
		want                 map[string]string
	}{
		{"a node without a value is left out", "master-ovndb", queried, map[string]string{"node1": "100", "node2": "50"}},
		{"nothing printed: no values", "master-ovndb", "", map[string]string{}},
		{"another attribute's lines are passed over", "x", queried, map[string]string{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := pacemaker.ParseAttributeValues(tt.attribute, tt.out)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAttributeValuesRefusesOtherText(t *testing.T) {
	t.Parallel()
	if _, err := pacemaker.ParseAttributeValues("x", "Connection to the CIB manager failed"); !errors.Is(err, pacemaker.ErrUnreadable) {
		t.Errorf("error is %v, want ErrUnreadable", err)
	}
}

func TestRecordInTheCIB(t *testing.T) {
	t.Parallel()
	const set, other = `<cluster_property_set id="ovndb-servers-records">`, `<cluster_property_set id="cib-bootstrap-options">`
	const property = `<nvpair id="a" name="ovndb-record-ovndb" value="3 1b6d node2 blessed: it&apos;s ours"/>`
	for _, tt := range []struct{ name, sets, want string }{
		{"no promotion yet: none", other + `</cluster_property_set>`, ""},
		{"among others of its set", set + `<nvpair id="b" name="ovndb-record-ovndb2" value="1 x y"/>` + property + `</cluster_property_set>`, "3 1b6d node2 blessed: it's ours"},
		{"after another set", other + `</cluster_property_set>` + set + property + `</cluster_property_set>`, "3 1b6d node2 blessed: it's ours"},
		{"of the name, but in another set: none", other + property + `</cluster_property_set>`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := cibFile(t, `<cib epoch="39"><configuration><crm_config>`+tt.sets+`</crm_config></configuration></cib>`)
			got, err := pacemaker.Resource{Instance: "ovndb"}.RecordIn(path)
			if err != nil || got != tt.want {
				t.Errorf("record is %q (%v), want %q", got, err, tt.want)
			}
		})
	}
}

func TestRecordInABrokenCIBIsAnErrorThatNamesTheFile(t *testing.T) {
	t.Parallel()
	for _, path := range []string{filepath.Join(t.TempDir(), "missing.xml"), cibFile(t, `<cib><configuration>`), cibFile(t, `{}<`)} {
		if record, err := (pacemaker.Resource{Instance: "ovndb"}).RecordIn(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("record %q, error %v; want one that names %s", record, err, path)
		}
	}
}

func cibFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "cib.xml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func FuzzParseAttributeValues(f *testing.F) {
	f.Add("master-ovndb", queried)
	f.Fuzz(func(t *testing.T, name, out string) {
		values, err := pacemaker.ParseAttributeValues(name, out)
		if err != nil && !errors.Is(err, pacemaker.ErrUnreadable) {
			t.Fatalf("unexpected error: %v", err)
		}
		for node, value := range values {
			if value == "" {
				t.Errorf("node %q has an empty value", node)
			}
		}
	})
}

// As Pacemaker 2.1 and 3.0 print it; Pacemaker 2.0 writes "ocf::ovn" and the old role names.
const mon = `<?xml version="1.0"?>
<pacemaker-result api-version="2.25" request="crm_mon -1 --output-as=xml">
  <nodes>
    <node name="node1" id="1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" feature_set="3.16.1" shutdown="false" expected_up="true" is_dc="true" resources_running="2" type="member"/>
    <node name="node2" id="2" online="true" standby="true" standby_onfail="false" maintenance="false" pending="false" unclean="false" resources_running="0" type="member"/>
    <node name="node3" id="3" online="false" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" resources_running="0" type="member"/>
  </nodes>
  <resources>
    <clone id="ovndb_servers-clone" multi_state="true" unique="false" maintenance="false" managed="true" disabled="false" failed="false" failure_ignored="false">
      <resource id="ovndb_servers" resource_agent="ocf:ovn:ovndb-servers" role="Promoted" active="true" orphaned="false" blocked="false" maintenance="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
        <node name="node1" id="1" cached="true"/>
      </resource>
      <resource id="ovndb_servers:1" resource_agent="ocf::ovn:ovndb-servers" role="Slave" active="true" orphaned="false" failed="true" nodes_running_on="1">
        <node name="node2" id="2" cached="true"/>
      </resource>
      <resource id="ovndb_servers" resource_agent="ocf:ovn:ovndb-servers" role="Stopped" active="false" orphaned="false" failed="false" nodes_running_on="0"/>
    </clone>
    <resource id="ovndb_vip" resource_agent="ocf:heartbeat:IPaddr2" role="Started" active="true" failed="false" nodes_running_on="1">
      <node name="node1" id="1" cached="true"/>
    </resource>
  </resources>
</pacemaker-result>`

func TestParseView(t *testing.T) {
	t.Parallel()
	got, err := pacemaker.ParseView("ovndb-servers", []byte(mon))
	if err != nil {
		t.Fatal(err)
	}
	want := pacemaker.View{
		Nodes: []pacemaker.Node{
			{Name: "node1", Online: true, State: "online"}, {Name: "node2", Online: true, State: "standby"}, {Name: "node3", State: "offline"},
		},
		Instances: []pacemaker.Instance{
			{Resource: "ovndb_servers", Role: "Promoted", Node: "node1"},
			{Resource: "ovndb_servers", Role: "Unpromoted", Node: "node2", Failed: true},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("view (-want +got):\n%s", diff)
	}
	if got := got.Role("ovndb_servers", "node3"); got != "Stopped" {
		t.Errorf("role on node3 is %q, want Stopped", got)
	}
}

func FuzzParseView(f *testing.F) {
	f.Add([]byte(mon))
	f.Fuzz(func(t *testing.T, text []byte) {
		view, err := pacemaker.ParseView("ovndb-servers", text)
		if err != nil && !errors.Is(err, pacemaker.ErrUnreadable) {
			t.Fatalf("unexpected error: %v", err)
		}
		for _, name := range view.Resources() {
			view.Role(name, "node1")
		}
	})
}
