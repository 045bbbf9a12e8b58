package pacemaker_test

import (
	"errors"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/pacemaker"
)

func parseConfiguration(t *testing.T, text string) pacemaker.Configuration {
	t.Helper()
	c, err := pacemaker.ParseConfiguration([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfigurationOfTheReadmeIsRead(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/configuration-pcs.xml")
	if err != nil {
		t.Fatal(err)
	}
	c := parseConfiguration(t, string(text))
	clone := &pacemaker.Clone{ID: "ovndb_servers-clone", Meta: map[string]string{"promotable": "true", "notify": "true", "interleave": "true"}}
	want := pacemaker.Configuration{
		Properties: map[string]string{"stonith-enabled": "false", "no-quorum-policy": "stop"},
		Nodes:      []string{"node1", "node2", "node3"},
		Recorded:   []string{"ovndb_servers", "gone"},
		Primitives: []pacemaker.Primitive{
			{
				ID: "ovndb_vip", Class: "ocf", Provider: "heartbeat", Type: "IPaddr2",
				Parameters: map[string]string{"ip": "198.51.100.10", "cidr_netmask": "24"},
				Operations: []pacemaker.Operation{{Name: "monitor", Interval: "10s", Timeout: "20s"}},
			},
			{
				ID: "ovndb_servers", Class: "ocf", Provider: "ovn", Type: "ovndb-servers", Clone: clone,
				Parameters: map[string]string{"master_ip": "198.51.100.10"},
				Operations: []pacemaker.Operation{
					{Name: "monitor", Role: "Promoted", Interval: "10s", Timeout: "20s"},
					{Name: "monitor", Role: "Unpromoted", Interval: "30s", Timeout: "20s"},
					{Name: "start", Interval: "0s", Timeout: "60s"},
					{Name: "stop", Interval: "0s", Timeout: "60s", Disabled: true},
				},
			},
		},
		ResourceDefaults: map[string]string{"resource-stickiness": "1"}, OperationDefaults: map[string]string{"timeout": "30s"},
		Colocations: []pacemaker.Colocation{{Resource: "ovndb_vip", With: "ovndb_servers-clone", WithRole: "Promoted", Score: "INFINITY"}},
		Orders:      []pacemaker.Order{{First: "ovndb_servers-clone", FirstAction: "promote", Then: "ovndb_vip", ThenAction: "start"}},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWordsOfPacemakerOneTemplatesReferencesAndSetsAreRead(t *testing.T) {
	t.Parallel()
	c := parseConfiguration(t, `<cib><configuration>
<resources>
  <template id="t" class="ocf" provider="ovn" type="ovndb-servers"><instance_attributes id="ti"><nvpair name="master_ip" value="192.0.2.1"/>
    <nvpair name="snapshots" value="3"/></instance_attributes><operations><op name="start" timeout="61s"/></operations></template>
  <group id="g"><primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2"/></group>
  <master id="m"><meta_attributes id-ref="shared"/><primitive id="p" template="t">
    <instance_attributes id="pi"><nvpair name="snapshots" value="5"/></instance_attributes>
    <operations><op name="monitor" role="Master" interval="10"/></operations></primitive></master>
  <clone id="c"><meta_attributes id="shared"><nvpair name="notify" value="true"/></meta_attributes></clone>
</resources>
<constraints>
  <rsc_colocation score="INFINITY"><resource_set><resource_ref id="g"/></resource_set><resource_set role="Master"><resource_ref id="m"/></resource_set></rsc_colocation>
  <rsc_order><resource_set action="promote"><resource_ref id="m"/></resource_set><resource_set><resource_ref id="g"/></resource_set></rsc_order>
</constraints></configuration></cib>`)
	p, _ := c.Primitive("p")
	vip, _ := c.Primitive("vip")
	if p.Type != "ovndb-servers" || p.Parameters["master_ip"] != "192.0.2.1" || p.Parameters["snapshots"] != "5" || len(p.Operations) != 2 ||
		p.Operations[0].Role != "Promoted" || !p.Clone.Master || p.Clone.Meta["notify"] != "true" || vip.Group != "g" {
		t.Errorf("got %+v and %+v", p, vip)
	}
	if got := c.Colocations[0]; got != (pacemaker.Colocation{Resource: "g", With: "m", WithRole: "Promoted", Score: "INFINITY"}) {
		t.Errorf("got %+v", got)
	}
	if got := c.Orders[0]; got != (pacemaker.Order{First: "m", FirstAction: "promote", Then: "g"}) {
		t.Errorf("got %+v", got)
	}
}

func TestTextThatIsNoConfigurationIsUnreadable(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "no XML", "<nvpair/>", "<cib/>", "<configuration>", string(make([]byte, 17<<20))} {
		if c, err := pacemaker.ParseConfiguration([]byte(text)); !errors.Is(err, pacemaker.ErrUnreadable) {
			t.Errorf("%.20q: %+v, %v", text, c, err)
		}
	}
}
