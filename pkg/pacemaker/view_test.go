package pacemaker_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/pacemaker"
)

// The forms of crm_mon's output that differ between versions (cts/cli/regression.crm_mon.exp
// of each version): 2.0 has the old names of roles and agents and no "maintenance" of a
// resource, 3.0.2 has "removed" beside "orphaned".
const (
	mon205 = `<pacemaker-result api-version="2.3" request="crm_mon -1 --output-as=xml">
  <summary>
    <stack type="corosync"/>
    <current_dc present="true" version="2.0.5-ba59be7122" name="node1" id="1" with_quorum="true"/>
    <nodes_configured number="2"/>
  </summary>
  <nodes>
    <node name="node1" id="1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" shutdown="false" expected_up="true" is_dc="true" resources_running="1" type="member"/>
    <node name="node2" id="2" online="true" standby="false" standby_onfail="false" maintenance="true" pending="false" unclean="false" shutdown="false" expected_up="true" is_dc="false" resources_running="1" type="member"/>
  </nodes>
  <resources>
    <clone id="ovndb-clone" multi_state="true" unique="false" managed="true" disabled="false" failed="false" failure_ignored="false">
      <resource id="ovndb" resource_agent="ocf::ovn:ovndb-servers" role="Master" active="true" orphaned="false" blocked="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
        <node name="node1" id="1" cached="true"/>
      </resource>
      <resource id="ovndb" resource_agent="ocf::ovn:ovndb-servers" role="Slave" active="true" orphaned="false" blocked="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
        <node name="node2" id="2" cached="true"/>
      </resource>
    </clone>
  </resources>
  <node_history>
    <node name="node1"><resource_history id="ovndb" orphan="false" migration-threshold="1000000"/></node>
  </node_history>
  <status code="0" message="OK"/>
</pacemaker-result>`
	mon302 = `<pacemaker-result api-version="2.40" request="crm_mon -1 --output-as=xml">
  <nodes>
    <node name="node1" id="1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false" health="green" feature_set="3.20.5" shutdown="false" expected_up="true" is_dc="true" resources_running="1" type="member"/>
    <node name="node2" id="2" online="true" standby="false" standby_onfail="false" maintenance="true" pending="false" unclean="false" health="green" feature_set="3.20.5" shutdown="false" expected_up="true" is_dc="false" resources_running="1" type="member"/>
  </nodes>
  <resources>
    <clone id="ovndb-clone" multi_state="true" unique="false" maintenance="false" managed="true" disabled="false" failed="false" failure_ignored="false">
      <resource id="ovndb" resource_agent="ocf:ovn:ovndb-servers" role="Promoted" active="true" orphaned="false" removed="false" blocked="false" maintenance="false" managed="true" failed="false" failure_ignored="false" nodes_running_on="1">
        <node name="node1" id="1" cached="true"/>
      </resource>
      <resource id="ovndb" resource_agent="ocf:ovn:ovndb-servers" role="Unpromoted" active="true" orphaned="false" removed="false" blocked="false" maintenance="true" managed="false" failed="false" failure_ignored="false" nodes_running_on="1">
        <node name="node2" id="2" cached="true"/>
      </resource>
    </clone>
  </resources>
  <status code="0" message="OK"/>
</pacemaker-result>`
	// A clone of a group, and a resource that no clone holds.
	monNested = `<pacemaker-result api-version="2.25">
  <nodes><node name="node1" online="true" pending="true"/><node name="node2" online="true" unclean="true"/></nodes>
  <resources>
    <clone id="c"><group id="g:0"><resource id="ovndb:0" resource_agent="ocf:ovn:ovndb-servers" role="Started" blocked="true" managed="false"><node name="node1"/></resource></group></clone>
    <group id="g"><resource id="nb" resource_agent="ocf:other:ovndb-servers" role="Started"><node name="node2"/></resource></group>
    <resource id="x" resource_agent="ocf:ovn:not-ovndb-servers" role="Started"><node name="node2"/></resource>
    <resource id="y" resource_agent="systemd:ovndb-servers" role="Started"><node name="node2"/></resource>
  </resources>
</pacemaker-result>`
)

func TestViewIsTheSameFromEveryVersionOfPacemaker(t *testing.T) {
	t.Parallel()
	same := pacemaker.View{
		Nodes: []pacemaker.Node{{Name: "node1", Online: true, State: "online"}, {Name: "node2", Online: true, State: "maintenance"}},
		Instances: []pacemaker.Instance{
			{Resource: "ovndb", Role: "Promoted", Node: "node1"}, {Resource: "ovndb", Role: "Unpromoted", Node: "node2", Unmanaged: true},
		},
	}
	newer := same
	newer.Nodes = slices.Clone(same.Nodes)
	for i := range newer.Nodes {
		newer.Nodes[i].FeatureSet = "3.20.5"
	}
	nested := pacemaker.View{
		Nodes: []pacemaker.Node{{Name: "node1", Online: true, State: "pending"}, {Name: "node2", Online: true, State: "unclean"}},
		Instances: []pacemaker.Instance{
			{Resource: "ovndb", Role: "Started", Node: "node1", Blocked: true}, {Resource: "nb", Role: "Started", Node: "node2"},
		},
	}
	for _, tt := range []struct {
		name, text string
		want       pacemaker.View
	}{{"2.0.5", mon205, same}, {"3.0.2", mon302, newer}, {"in groups", monNested, nested}} {
		got, err := pacemaker.ParseView("ovndb-servers", []byte(tt.text))
		if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
			t.Errorf("%s: error %v; view (-want +got):\n%s", tt.name, err, diff)
		}
	}
}

func TestResourcesOfAViewAreNamedOnce(t *testing.T) {
	t.Parallel()
	view, err := pacemaker.ParseView("ovndb-servers", []byte(monNested))
	if err != nil {
		t.Fatal(err)
	}
	view.Instances = append(view.Instances, view.Instances...)
	if diff := cmp.Diff([]string{"nb", "ovndb"}, view.Resources()); diff != "" {
		t.Errorf("resources (-want +got):\n%s", diff)
	}
}
