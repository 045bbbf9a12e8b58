package pacemaker_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/pacemaker"
)

// unableMon is the XML of a cluster of node1, where the resource is promoted, and node2, with
// changes of its parts.
func unableMon(replace ...string) string {
	return strings.NewReplacer(replace...).Replace(`<pacemaker-result api-version="2.38">
  <nodes>
    <node name="node1" online="true" standby="false" standby_onfail="false" maintenance="false" pending="false" unclean="false"/>
    <node name="node2" ONLINE standby_onfail="false" PENDING/>
  </nodes>
  <resources>
    <clone id="ovndb-clone" managed="true">
      <resource id="ovndb" role="Promoted" blocked="false" managed="true" failed="false"><node name="node1"/></resource>
      <resource id="ovndb:1" role="Unpromoted" INSTANCE><node name="node2"/></resource>
    </clone>
    <resource id="other" role="Started" blocked="true" managed="false" failed="true"><node name="node2"/></resource>
  </resources>
  <node_history>
    <node name="node1"><resource_history id="ovndb" migration-threshold="1000000"/></node>
    <node name="node2"><resource_history id="ovndb" migration-threshold="3"COUNT/><resource_history id="other" migration-threshold="1" fail-count="1000000"/></node>
  </node_history>
  <failures>FAILURES</failures>
  <bans>BANS</bans>
</pacemaker-result>`)
}

func TestNodesThatCannotBePromotedAreNamedWithTheCommandThatHelps(t *testing.T) {
	t.Parallel()
	const online, pending, instance = `online="true" standby="false" maintenance="false"`, `pending="false" unclean="false"`, `blocked="false" managed="true" failed="false"`
	failure := func(key, task, reason string) string {
		return `<failure op_key="` + key + `" node="node2" exitreason="` + reason + `" exitcode="1" interval="0" task="` + task + `"/>`
	}
	const cleanup = "; after the repair: crm_resource --cleanup -r ovndb -N node2"
	for _, tt := range []struct {
		name    string
		replace []string
		want    string
	}{
		{"healthy", nil, ""},
		{"standby", []string{"ONLINE", `online="true" standby="true" maintenance="false"`}, "in standby; end it with: crm_standby -D -N node2"},
		{"maintenance", []string{"ONLINE", `online="true" standby="false" maintenance="true"`}, "in maintenance; end it with: crm_attribute -N node2 -n maintenance -D, or for the whole cluster: crm_attribute -n maintenance-mode -D"},
		{"offline", []string{"ONLINE", `online="false"`}, "offline; on that node: systemctl start pacemaker"},
		{"unclean", []string{"ONLINE", `online="false"`, "PENDING", `unclean="true"`}, "unclean; if it is off, confirm that with: stonith_admin --confirm node2"},
		{"it joins the cluster: able soon", []string{"ONLINE", `online="false"`, "PENDING", `pending="true"`}, ""},
		{"not managed", []string{"INSTANCE", `blocked="false" managed="false" failed="false"`}, "not managed; end that with: crm_resource -r ovndb --meta -d is-managed"},
		{"blocked", []string{"INSTANCE", `blocked="true" managed="false" failed="true"`}, "blocked, as it could not be stopped" + cleanup},
		{"failed instance", []string{"INSTANCE", `blocked="false" managed="true" failed="true"`}, "failed and not recovered yet" + cleanup},
		{
			"move away",
			[]string{"BANS", `<ban id="cli-ban-ovndb-clone-on-node2" resource="ovndb-clone" node="node2" weight="-1000000" promoted-only="true" master_only="true"/>`},
			"banned by cli-ban-ovndb-clone-on-node2; lift it with: crm_resource --clear -r ovndb-clone -N node2",
		},
		{
			"constraint of an operator",
			[]string{"BANS", `<ban id="never" resource="ovndb" node="node2" weight="-INFINITY" master_only="false"/>`},
			"banned by constraint never; see: crm_resource --constraints -r ovndb",
		},
		{"a preference for other nodes: able", []string{"BANS", `<ban id="x" resource="ovndb-clone" node="node2" weight="-500" promoted-only="true"/>`}, ""},
		{"ban of another resource: able", []string{"BANS", `<ban id="x" resource="other" node="node2" weight="-1000000" promoted-only="true"/>`}, ""},
		{
			"failed promotion",
			[]string{"COUNT", ` fail-count="1"`, "FAILURES", failure("ovndb_promote_0", "promote", "data is behind")},
			"promote failed: data is behind" + cleanup,
		},
		{"failed start", []string{"COUNT", ` fail-count="1000000"`, "FAILURES", failure("ovndb:1_start_0", "start", "")}, "start failed" + cleanup},
		{"failed promotion that was forgiven: able", []string{"FAILURES", failure("ovndb_promote_0", "promote", "")}, ""},
		{"failed monitor: able", []string{"COUNT", ` fail-count="2"`, "FAILURES", failure("ovndb_monitor_5000", "monitor", "")}, ""},
		{"failed too often", []string{"COUNT", ` fail-count="3"`, "FAILURES", failure("ovndb_monitor_5000", "monitor", "")}, "failed too often" + cleanup},
		{"failed promotion of a resource of a similar name: able", []string{"COUNT", ` fail-count="1"`, "FAILURES", failure("my_ovndb_promote_0", "promote", "")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			text := unableMon(append(tt.replace, "ONLINE", online, "PENDING", pending, "INSTANCE", instance, "COUNT", "", "FAILURES", "", "BANS", "")...)
			got, err := resource.ParseUnable([]byte(text))
			want := map[string]string{}
			if tt.want != "" {
				want["node2"] = tt.want
			}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v; unable (-want +got):\n%s", err, diff)
			}
		})
	}
}

// The files are what crm_mon --one-shot --output-as=xml --inactive printed in clusters of those versions.
func TestUnableIsReadFromEveryVersionOfPacemaker(t *testing.T) {
	t.Parallel()
	r := pacemaker.Resource{Instance: "ovndb_servers"}
	const cleanup = "; after the repair: crm_resource --cleanup -r ovndb_servers -N node2"
	const ban = "banned by cli-ban-ovndb_servers-clone-on-node1; lift it with: crm_resource --clear -r ovndb_servers-clone -N node1"
	for state, want := range map[string]map[string]string{
		"ban-maintenance": {
			"node1": ban,
			"node2": "in maintenance; end it with: crm_attribute -N node2 -n maintenance -D, or for the whole cluster: crm_attribute -n maintenance-mode -D",
		},
		"promote-failed": {"node2": "failed and not recovered yet" + cleanup},
		"start-failed":   {"node2": "start failed" + cleanup},
	} {
		for _, version := range []string{"2.1.5", "3.0.0"} {
			t.Run(state+" "+version, func(t *testing.T) {
				t.Parallel()
				text, err := os.ReadFile(filepath.Join("testdata", "crm_mon-"+version+"-"+state+".xml"))
				if err != nil {
					t.Fatal(err)
				}
				got, err := r.ParseUnable(text)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Errorf("error %v; unable (-want +got):\n%s", err, diff)
				}
			})
		}
	}
}

// As of Pacemaker 2.0.5: lib/pengine/pe_output.c, lib/pengine/clone.c.
func TestUnableIsReadFromPacemaker205(t *testing.T) {
	t.Parallel()
	text := strings.Replace(mon205, `<status code`, `<bans><ban id="cli-ban-x" resource="ovndb-clone" node="node1" weight="-1000000" master_only="true"/></bans><status code`, 1)
	got, err := resource.ParseUnable([]byte(text))
	if err != nil || len(got) != 2 || !strings.HasPrefix(got["node1"], "banned") || !strings.HasPrefix(got["node2"], "in maintenance") {
		t.Errorf("unable: %v (%v)", got, err)
	}
}

func FuzzParseUnable(f *testing.F) {
	f.Add([]byte(mon205))
	f.Add([]byte(monNested))
	f.Add([]byte(unableMon("COUNT", ` fail-count="1"`, "FAILURES", `<failure op_key="ovndb_start_0" node="node2" task="start" exitreason="&#10;&#7;"/>`, "BANS", "")))
	f.Fuzz(func(t *testing.T, text []byte) {
		unable, err := resource.ParseUnable(text)
		if err != nil && !errors.Is(err, pacemaker.ErrUnreadable) {
			t.Fatalf("unexpected error: %v", err)
		}
		for node, reason := range unable {
			rest := strings.ReplaceAll(reason, node, "")
			if reason == "" || strings.ContainsFunc(rest, func(c rune) bool { return !unicode.IsPrint(c) }) {
				t.Errorf("node %q: reason %q", node, reason)
			}
		}
	})
}
