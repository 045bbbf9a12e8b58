package pacemaker_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/pacemaker"
)

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
			{Name: "node1", Online: true, State: "online", FeatureSet: "3.16.1"}, {Name: "node2", Online: true, State: "standby"}, {Name: "node3", State: "offline"},
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
