package pacemaker_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
)

// monBundle is crm_mon's XML of a bundle of three containers, the last of which does not run, beside a
// bundle of another agent and two nodes of Pacemaker Remote, of which one runs the resource lone (form
// of cts/cli/regression.crm_mon.exp of Pacemaker 3.0).
const monBundle = `<pacemaker-result api-version="2.38">
  <summary><current_dc present="true" name="host0" with_quorum="true"/></summary>
  <nodes>
    <node name="host0" id="1" online="true" type="member"/>
    <node name="host1" id="2" online="true" type="member"/>
    <node name="compute0" id="compute0" online="true" type="remote"/>
    <node name="compute1" id="compute1" online="false" type="remote"/>
    <node name="ovn-dbs-bundle-0" id="ovn-dbs-bundle-0" online="true" type="remote" id_as_resource="ovn-dbs-bundle-podman-0"/>
    <node name="ovn-dbs-bundle-1" id="ovn-dbs-bundle-1" online="true" type="remote" id_as_resource="ovn-dbs-bundle-podman-1"/>
    <node name="ovn-dbs-bundle-2" id="ovn-dbs-bundle-2" online="false" type="remote" id_as_resource="ovn-dbs-bundle-podman-2"/>
    <node name="redis-bundle-0" id="redis-bundle-0" online="true" type="remote" id_as_resource="redis-bundle-podman-0"/>
  </nodes>
  <resources>
    <resource id="compute0" resource_agent="ocf:pacemaker:remote" role="Started"><node name="host0"/></resource>
    <resource id="lone" resource_agent="ocf:ovn:ovndb-servers" role="Started"><node name="compute0"/></resource>
    <bundle id="ovn-dbs-bundle" type="podman" image="ovn" unique="false" managed="true" failed="false">
      <replica id="0">
        <resource id="ovndb" resource_agent="ocf:ovn:ovndb-servers" role="Promoted" blocked="false" managed="true" failed="false"><node name="ovn-dbs-bundle-0"/></resource>
        <resource id="ovn-dbs-bundle-podman-0" resource_agent="ocf:heartbeat:podman" role="Started"><node name="host1"/></resource>
        <resource id="ovn-dbs-bundle-0" resource_agent="ocf:pacemaker:remote" role="Started"><node name="host1"/></resource>
      </replica>
      <replica id="1">
        <resource id="ovndb" resource_agent="ocf:ovn:ovndb-servers" role="Unpromoted" blocked="false" managed="false" failed="false"><node name="ovn-dbs-bundle-1"/></resource>
        <resource id="ovn-dbs-bundle-podman-1" resource_agent="ocf:heartbeat:podman" role="Started"><node name="host0"/></resource>
        <resource id="ovn-dbs-bundle-1" resource_agent="ocf:pacemaker:remote" role="Started"><node name="host0"/></resource>
      </replica>
      <replica id="2">
        <resource id="ovndb" resource_agent="ocf:ovn:ovndb-servers" role="Stopped" blocked="false" managed="true" failed="false"/>
        <resource id="ovn-dbs-bundle-podman-2" resource_agent="ocf:heartbeat:podman" role="Stopped"/>
        <resource id="ovn-dbs-bundle-2" resource_agent="ocf:pacemaker:remote" role="Stopped"/>
      </replica>
    </bundle>
    <bundle id="redis-bundle" type="podman">
      <replica id="0">
        <resource id="redis" resource_agent="ocf:heartbeat:redis" role="Promoted"><node name="redis-bundle-0"/></resource>
        <resource id="redis-bundle-podman-0" resource_agent="ocf:heartbeat:podman" role="Started"><node name="host0"/></resource>
      </replica>
    </bundle>
  </resources>
  <bans><ban id="no" resource="ovn-dbs-bundle" node="host1" weight="-1000000" promoted-only="false"/></bans>
</pacemaker-result>`

func TestViewHasTheNodesOfABundleAndNoOtherNodesOfPacemakerRemote(t *testing.T) {
	t.Parallel()
	want := pacemaker.View{
		Nodes: []pacemaker.Node{
			{Name: "host0", Online: true, State: "online"},
			{Name: "host1", Online: true, State: "online"},
			{Name: "compute0", Online: true, State: "online"},
			{Name: "ovn-dbs-bundle-0", Online: true, State: "online"},
			{Name: "ovn-dbs-bundle-1", Online: true, State: "online"},
			{Name: "ovn-dbs-bundle-2", State: "offline"},
		},
		Instances: []pacemaker.Instance{
			{Resource: "lone", Role: "Started", Node: "compute0"},
			{Resource: "ovndb", Role: "Promoted", Node: "ovn-dbs-bundle-0"},
			{Resource: "ovndb", Role: "Unpromoted", Node: "ovn-dbs-bundle-1", Unmanaged: true},
		},
		Bundled: []string{"ovndb"},
	}
	got, err := pacemaker.ParseView("ovndb-servers", []byte(monBundle))
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v; view (-want +got):\n%s", err, diff)
	}
}

func TestNodesOfABundleThatCannotBePromotedAreNamed(t *testing.T) {
	t.Parallel()
	got, err := resource.ParseUnable([]byte(monBundle))
	want := map[string]string{
		"host1":            "banned by constraint no; see: crm_resource --constraints -r ovn-dbs-bundle",
		"compute1":         "offline; on that node: systemctl start pacemaker_remote",
		"ovn-dbs-bundle-1": "not managed; end that with: crm_resource -r ovndb --meta -d is-managed",
		"ovn-dbs-bundle-2": "offline; see its container: crm_resource --locate -r ovn-dbs-bundle-podman-2",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v; unable (-want +got):\n%s", err, diff)
	}
	managed, err := resource.ParseManaged([]byte(monBundle), "ovn-dbs-bundle-1")
	if managed || err != nil {
		t.Errorf("the unmanaged one is managed: %v (%v)", managed, err)
	}
}

// From a node of each kind; the outcome is that all it publishes has its own name, which is that of the
// notify sets, and only the promotion score the one under which the scheduler looks for it.
func TestAttributesAreThoseOfTheNodeAndTheScoreIsWhereTheSchedulerLooks(t *testing.T) {
	const topic, score = "ovndb-active-ovndb", "master-ovndb"
	for _, tt := range []struct {
		name    string
		node    control.Identity
		own     []string // publish, show the state, hide it, set the score and clear it, forgive
		another []string
	}{
		{
			name: "node of Corosync", node: control.Identity{Name: "node1"},
			own: []string{
				"attrd_updater|-n|" + topic + "|-N|node1|-U|x|-p",
				"attrd_updater|-n|ovndb-state|-N|node1|-U|x",
				"attrd_updater|-n|ovndb-state|-N|node1|-D",
				"attrd_updater|-n|" + score + "|-N|node1|-U|100",
				"crm_attribute|--name|" + score + "|--lifetime|reboot|--node|node1|--query|--quiet",
				"attrd_updater|-n|" + score + "|-N|node1|-D",
				"attrd_updater|-n|fail-count-ovndb#promote_0|-N|node1|-D",
				"attrd_updater|-n|last-failure-ovndb#promote_0|-N|node1|-D",
			},
			another: []string{"attrd_updater|-n|" + score + "|-N|ovn-dbs-bundle-1|-U|200"},
		},
		{
			name: "remote node", node: control.Identity{Name: "rem1", Remote: true},
			own:     ofRemote(topic, "rem1", "rem1"),
			another: []string{"crm_attribute|--name|" + score + "|--lifetime|reboot|--node|ovn-dbs-bundle-1|--update|200"},
		},
		{
			name: "bundle's node with attributes of its own", node: control.Identity{Name: "ovn-dbs-bundle-0", Remote: true},
			own:     ofRemote(topic, "ovn-dbs-bundle-0", "ovn-dbs-bundle-0"),
			another: []string{"crm_attribute|--name|" + score + "|--lifetime|reboot|--node|ovn-dbs-bundle-1|--update|200"},
		},
		{
			name: "bundle's node with attributes of its host", node: control.Identity{Name: "ovn-dbs-bundle-0", Remote: true, Host: "host1"},
			own: ofRemote(topic, "ovn-dbs-bundle-0", "host1"),
			another: []string{
				"crm_mon|--one-shot|--output-as=xml|--inactive",
				"crm_attribute|--name|" + score + "|--lifetime|reboot|--node|host0|--update|200",
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			// What the environment of an action has Pacemaker's tools choose must not matter.
			t.Setenv("OCF_RESKEY_CRM_meta_container_attribute_target", "host")
			t.Setenv("OCF_RESKEY_CRM_meta_physical_host", "wrong")
			behaviour := `case "${0##*/} $*" in *crm_mon*) ` + prints(monBundle) + ";; *--query*) echo 100;; esac"
			ctx, r := within(t), pacemaker.Resource{Instance: "ovndb", Node: tt.node, Bundle: tt.node.Host != ""}
			f := newFakes(t, behaviour)
			for _, err := range []error{
				r.Publish(ctx, control.TopicActive, "x"), r.Publish(ctx, control.TopicState, "x"), r.Publish(ctx, control.TopicState, ""),
				r.KeepScore(ctx, 100), r.ClearScore(ctx), r.ForgiveFailedPromotion(ctx),
			} {
				if err != nil {
					t.Error(err)
				}
			}
			if diff := cmp.Diff(tt.own, f.commands(t)); diff != "" {
				t.Errorf("of its own (-want +got):\n%s", diff)
			}
			f = newFakes(t, behaviour)
			if err := r.SetScore(ctx, "ovn-dbs-bundle-1", 200); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(tt.another, f.commands(t)); diff != "" {
				t.Errorf("of another node (-want +got):\n%s", diff)
			}
		})
	}
}

// ofRemote returns what a node of Pacemaker Remote runs: crm_attribute for all that goes to the CIB.
func ofRemote(topic, node, holder string) []string {
	attribute := func(name, node, change string) string {
		return "crm_attribute|--name|" + name + "|--lifetime|reboot|--node|" + node + "|" + change
	}
	return []string{
		"attrd_updater|-n|" + topic + "|-N|" + node + "|-U|x|-p",
		attribute("ovndb-state", node, "--update|x"),
		attribute("ovndb-state", node, "--delete"),
		attribute("master-ovndb", holder, "--update|100"),
		attribute("master-ovndb", holder, "--query|--quiet"),
		attribute("master-ovndb", holder, "--delete"),
		attribute("fail-count-ovndb#promote_0", node, "--delete"),
		attribute("last-failure-ovndb#promote_0", node, "--delete"),
	}
}

func TestScoresOfHostsAreThoseOfTheNodesOfTheBundleThatRunOnThem(t *testing.T) {
	answer := func(scores string) string {
		return `case "${0##*/}" in crm_mon) ` + prints(monBundle) + ";; *) " + prints("<r>"+scores+"</r>") + ";; esac"
	}
	const hosts = `<attribute name="master-ovndb" value="100" host="host1"/><attribute name="master-ovndb" value="50" host="host0"/>`
	const nodes = `<attribute name="master-ovndb" value="100" host="ovn-dbs-bundle-0"/><attribute name="master-ovndb" value="50" host="ovn-dbs-bundle-1"/>`
	for name, scores := range map[string]string{"attributes of the hosts": hosts, "attributes of their own": nodes} {
		t.Run(name, func(t *testing.T) {
			newFakes(t, answer(scores))
			got, err := pacemaker.Resource{Instance: "ovndb", Bundle: true}.Scores(within(t))
			want := map[string]string{"ovn-dbs-bundle-0": "100", "ovn-dbs-bundle-1": "50"}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v; scores (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestScoreOfANodeWhoseContainerDoesNotRunIsRefused(t *testing.T) {
	newFakes(t, prints(monBundle))
	r := pacemaker.Resource{Instance: "ovndb", Node: control.Identity{Name: "ovn-dbs-bundle-0", Remote: true, Host: "host1"}, Bundle: true}
	err := r.SetScore(within(t), "ovn-dbs-bundle-2", 200)
	if err == nil || !strings.Contains(err.Error(), "ovn-dbs-bundle-2") || !strings.Contains(err.Error(), "crm_mon") {
		t.Errorf("error is %v", err)
	}
}

// Debian's package pacemaker-remote has no crm_node.
func TestQuorumIsThatOfTheViewWhereCrmNodeIsMissing(t *testing.T) {
	for with, want := range map[string]bool{"true": true, "false": false} {
		withoutCrmNode(t, strings.Replace(monBundle, `with_quorum="true"`, `with_quorum="`+with+`"`, 1))
		got, err := resource.Quorate(within(t))
		if got != want || err != nil {
			t.Errorf("with_quorum=%s: %v (%v)", with, got, err)
		}
	}
	withoutCrmNode(t, `<pacemaker-result/>`)
	if got, err := resource.Quorate(within(t)); got || !errors.Is(err, pacemaker.ErrUnreadable) {
		t.Errorf("without a word of it: %v (%v)", got, err)
	}
}

func withoutCrmNode(t *testing.T, view string) {
	t.Helper()
	f := newFakes(t, prints(view))
	if err := os.Remove(filepath.Join(f.directory, "crm_node")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", f.directory+":/usr/bin:/bin") // Pacemaker's is in /usr/sbin
}

func TestAddressOfARemoteNodeIsWhereTheClusterReachesIt(t *testing.T) {
	for name, tt := range map[string]struct {
		behaviour string
		node      string
		want      string
	}{
		"server":             {prints(`<nvpair id="s" name="server" value="192.0.2.12"/>`), "rem1", "192.0.2.12"},
		"of several":         {prints(`<xpath-query><nvpair id="s" name="server" value="2001:db8::12"/></xpath-query>`), "rem1", "2001:db8::12"},
		"none, by its name":  {"exit 105", "192.0.2.13", "192.0.2.13"},
		"its loopback alone": {prints(`<nvpair id="s" name="server" value="127.0.0.1"/>`), "rem1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			newFakes(t, tt.behaviour)
			got, err := pacemaker.RemoteAddresses(within(t), tt.node)
			var want []netip.Addr
			if tt.want != "" {
				want = append(want, netip.MustParseAddr(tt.want))
			}
			if diff := cmp.Diff(want, got, addresses); diff != "" || err != nil {
				t.Errorf("error %v; addresses (-want +got):\n%s", err, diff)
			}
		})
	}
	newFakes(t, "echo 'Connection refused' >&2; exit 102")
	if _, err := pacemaker.RemoteAddresses(within(t), "rem1"); err == nil || !strings.Contains(err.Error(), "rem1") {
		t.Errorf("error is %v", err)
	}
}
