package pacemaker_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/pkg/pacemaker"
)

// longer is a resource whose name begins with that of [resource].
var longer = pacemaker.Resource{Instance: resource.Instance + "_2"}

// names returns the attributes and properties that the commands of all calls for a resource name.
func names(t *testing.T, r pacemaker.Resource) []string {
	t.Helper()
	var found []string
	swap := call{run: func(ctx context.Context, r pacemaker.Resource) (any, error) {
		return nil, r.SwapRecord(ctx, "", "1 x n")
	}}
	for _, c := range append(calls(), swap) {
		f := newFakes(t, prints(c.answer))
		_, _ = c.run(within(t), r) // the answer is one for the shorter name
		for _, command := range f.commands(t) {
			for _, word := range strings.FieldsFunc(command, func(c rune) bool { return strings.ContainsRune(`|"<>= []`, c) }) {
				if strings.Contains(word, resource.Instance) && !strings.HasSuffix(word, "-records") && word != "ovndb-servers" {
					found = append(found, word)
				}
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// From two resources of which the name of one begins with that of the other: no attribute, score, fail
// count or record of one is the other's.
func TestResourcesWhoseNamesBeginAlikeShareNoNameInTheCluster(t *testing.T) {
	shorter, others := names(t, resource), names(t, longer)
	if len(shorter) != len(others) || len(shorter) < 5 {
		t.Errorf("%d names of one, %d of the other: %q, %q", len(shorter), len(others), shorter, others)
	}
	for _, name := range others {
		if slices.Contains(shorter, name) {
			t.Errorf("both name %q", name)
		}
	}
}

// twoResources is what crm_mon prints of two resources on one node: the one with the longer name is
// unmanaged, banned, and has failed to start.
const twoResources = `<pacemaker-result><nodes><node name="node1" online="true"/></nodes><resources>
<clone id="ovndb-clone"><resource id="ovndb" resource_agent="ocf:ovn:ovndb-servers" role="Promoted" managed="true"><node name="node1"/></resource></clone>
<clone id="ovndb_2-clone"><resource id="ovndb_2" resource_agent="ocf:ovn:ovndb-servers" role="Unpromoted" managed="false"><node name="node1"/></resource></clone>
</resources><bans><ban id="cli-ban-ovndb_2-clone-on-node1" resource="ovndb_2-clone" node="node1" weight="-1000000"/></bans>
<node_history><node name="node1"><resource_history id="ovndb_2" fail-count="3" migration-threshold="3"/></node></node_history>
<failures><failure op_key="ovndb_2_start_0" node="node1" task="start" exitreason="no"/></failures></pacemaker-result>`

// From two resources on one node, of which the one with the longer name cannot take its role: that is
// said of it alone.
func TestTroubleOfAResourceIsNotThatOfOneWhoseNameBeginsAlike(t *testing.T) {
	for _, tt := range []struct {
		pacemaker.Resource
		unable  bool
		managed bool
		role    string
	}{
		{resource, false, true, "Promoted"},
		{longer, true, false, "Unpromoted"},
	} {
		unable, err := tt.ParseUnable([]byte(twoResources))
		if (unable["node1"] != "") != tt.unable || err != nil {
			t.Errorf("%s is unable to lead: %q (%v)", tt.Instance, unable, err)
		}
		managed, err := tt.ParseManaged([]byte(twoResources), "node1")
		if managed != tt.managed || err != nil {
			t.Errorf("%s is managed: %t (%v)", tt.Instance, managed, err)
		}
		view, err := pacemaker.ParseView("ovndb-servers", []byte(twoResources))
		if role := view.Role(tt.Instance, "node1"); role != tt.role || err != nil {
			t.Errorf("%s has the role %s (%v)", tt.Instance, role, err)
		}
	}
}
