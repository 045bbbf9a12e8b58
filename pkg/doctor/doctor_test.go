package doctor_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/doctor"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// sound is a configuration in which there is nothing to find.
const sound = `<configuration>
<crm_config><cluster_property_set id="cib-bootstrap-options"><nvpair name="stonith-enabled" value="true"/>
<nvpair name="no-quorum-policy" value="stop"/></cluster_property_set>
<cluster_property_set id="ovndb-servers-records"><nvpair name="ovndb-record-ovndb" value="3 T3 node1"/></cluster_property_set></crm_config>
<nodes><node uname="node1"/><node uname="node2"/><node uname="node3"/></nodes>
<resources>
<primitive id="fence" class="stonith" type="fence_ipmilan"/>
<primitive id="vip" class="ocf" provider="heartbeat" type="IPaddr2"><instance_attributes><nvpair name="ip" value="192.0.2.1"/></instance_attributes></primitive>
<clone id="ovndb-clone"><meta_attributes><nvpair name="promotable" value="true"/><nvpair name="notify" value="true"/>
<nvpair name="interleave" value="true"/></meta_attributes>
<primitive id="ovndb" class="ocf" provider="ovn" type="ovndb-servers"><instance_attributes><nvpair name="master_ip" value="192.0.2.1"/></instance_attributes>
<operations><op name="start" timeout="60s"/><op name="stop" timeout="60s"/><op name="promote" timeout="60s"/><op name="demote" timeout="60s"/>
<op name="notify" timeout="30s"/><op name="monitor" role="Promoted" interval="10s" timeout="20s"/>
<op name="monitor" role="Unpromoted" interval="30s" timeout="20s"/></operations></primitive></clone>
</resources>
<constraints><rsc_colocation rsc="vip" with-rsc="ovndb-clone" with-rsc-role="Promoted" score="INFINITY"/>
<rsc_order first="ovndb-clone" first-action="promote" then="vip" then-action="start"/></constraints>
</configuration>`

// facts are those of a node with nothing to find, whose cluster's configuration has words replaced.
func facts(t *testing.T, oldnew ...string) doctor.Facts {
	t.Helper()
	c, err := pacemaker.ParseConfiguration([]byte(strings.NewReplacer(oldnew...).Replace(sound)))
	if err != nil {
		t.Fatal(err)
	}
	f := doctor.Facts{
		Resource: "ovndb", Now: time.Unix(1_700_000_000, 0), Cluster: doctor.Cluster{Configuration: c}, CIBSchema: "pacemaker-3.9", Membership: 3630 * time.Millisecond,
		Room: doctor.Room{Directory: "/var/lib/ovndb-servers", FreeBytes: 1e9, Kept: 10, Databases: []doctor.Stored{{Database: "OVN_Northbound", SizeBytes: 1e6}}},
		Link: doctor.Link{Path: "/usr/lib/ocf/resource.d/ovn/ovndb-servers", Target: "/usr/sbin/ovndb-servers", Program: "/usr/sbin/ovndb-servers", Same: true},
	}
	for _, name := range []string{"start", "stop", "promote", "demote"} {
		f.Advised = append(f.Advised, pacemaker.Operation{Name: name, Timeout: "60s"})
	}
	f.Advised = append(f.Advised, pacemaker.Operation{Name: "notify", Timeout: "30s"},
		pacemaker.Operation{Name: "monitor", Role: "Promoted", Interval: "10s", Timeout: "20s"},
		pacemaker.Operation{Name: "monitor", Role: "Unpromoted", Interval: "30s", Timeout: "20s"})
	return f
}

func TestNothingIsFoundWhereAllIsAsDocumented(t *testing.T) {
	t.Parallel()
	for _, f := range []doctor.Facts{
		facts(t),
		// the virtual IP first, and the words of Pacemaker 1 and of crmsh
		facts(t, `first="ovndb-clone" first-action="promote" then="vip" then-action="start"`, `first="vip" then="ovndb-clone" then-action="promote"`,
			`"Promoted"`, `"Master"`, `"Unpromoted"`, `"Slave"`, `value="true"/>`, `value="yes"/>`),
		// the element of Pacemaker 1
		facts(t, `<clone`, `<master`, `</clone>`, `</master>`, `<nvpair name="promotable" value="true"/>`, ``),
		// a watchdog in the place of a fencing device
		facts(t, `class="stonith"`, `class="lsb"`, `<nvpair name="no-quorum-policy" value="stop"/>`,
			`<nvpair name="have-watchdog" value="true"/><nvpair name="stonith-watchdog-timeout" value="10s"/>`),
	} {
		if found := doctor.Examine(f); len(found) != 0 {
			t.Errorf("found %+v", found)
		}
	}
}

func TestEachFaultOfTheConfigurationIsFoundWithItsCommand(t *testing.T) {
	t.Parallel()
	const meta = "crm_resource --resource ovndb-clone --meta --set-parameter "
	for _, tt := range []struct {
		check    string
		severity doctor.Severity
		text     string
		command  string
		change   []string
	}{
		{"clone", doctor.Problem, "promotable is not true", meta + "promotable --parameter-value true", []string{`name="promotable" value="true"`, `name="promotable" value="false"`}},
		{"clone", doctor.Problem, "notify is not true", meta + "notify --parameter-value true", []string{`<nvpair name="notify" value="true"/>`, ``}},
		{"clone", doctor.Advice, "interleave is not true", meta + "interleave", []string{`name="interleave"`, `name="other"`}},
		{"clone", doctor.Problem, "promoted-max is 2", meta + "promoted-max", []string{`name="interleave" value="true"/>`, `name="interleave" value="true"/><nvpair name="master-max" value="2"/>`}},
		{"clone", doctor.Problem, "clone-node-max is 2", meta + "clone-node-max", []string{`name="interleave" value="true"/>`, `name="interleave" value="true"/><nvpair name="clone-node-max" value="2"/>`}},
		{"clone", doctor.Problem, "clone-max is 1", meta + "clone-max --parameter-value 3", []string{`name="interleave" value="true"/>`, `name="interleave" value="true"/><nvpair name="clone-max" value="1"/>`}},
		{"clone", doctor.Advice, "only 2 of 3 nodes", meta + "clone-max", []string{`name="interleave" value="true"/>`, `name="interleave" value="true"/><nvpair name="clone-max" value="2"/>`}},
		{"clone", doctor.Problem, "in no clone", "pcs resource promotable ovndb-clone notify=true interleave=true", []string{`<clone id="ovndb-clone">`, `<group id="ovndb-clone">`, `</clone>`, `</group>`}},
		{"virtual IP", doctor.Advice, "no resource of the cluster holds master_ip 192.0.2.1", "pcs resource create ovndb_vip ocf:heartbeat:IPaddr2 ip=192.0.2.1 ", []string{`name="ip" value="192.0.2.1"`, `name="ip" value="192.0.2.9"`}},
		{"virtual IP", doctor.Problem, "no colocation keeps vip with the promoted ovndb-clone", `<rsc_colocation id="vip-with-promoted" rsc="vip" with-rsc="ovndb-clone"`, []string{`rsc="vip"`, `rsc="x"`}},
		{"virtual IP", doctor.Problem, "any instance", `with-rsc-role="Promoted"`, []string{`with-rsc-role="Promoted"`, ``}},
		{"virtual IP", doctor.Problem, "by the score 100 only", `score="INFINITY"`, []string{`score="INFINITY"`, `score="100"`}},
		{"virtual IP", doctor.Problem, "no order ties vip", `<rsc_order id="promote-then-vip" first="ovndb-clone" first-action="promote"`, []string{`first-action="promote"`, `first-action="start"`}},
		{"timeouts", doctor.Problem, "operation promote of ovndb has a timeout of 30s, and needs 1m0s", "pcs resource update ovndb op promote timeout=60s", []string{`<op name="promote" timeout="60s"/>`, `<op name="promote" timeout="30"/>`}},
		{"timeouts", doctor.Problem, "operation stop of ovndb has a timeout of 20s", "timeout=60s", []string{`<op name="stop" timeout="60s"/>`, ``}},
		{"timeouts", doctor.Problem, "operation monitor Promoted of ovndb has a timeout of 5s", "role=Promoted interval=10s", []string{`interval="10s" timeout="20s"`, `interval="10s" timeout="5s"`}},
		{"timeouts", doctor.Unchecked, `timeout "PT1M"`, "", []string{`<op name="stop" timeout="60s"/>`, `<op name="stop" timeout="PT1M"/>`}},
		{"monitors", doctor.Problem, "no monitor runs for role Promoted", "pcs resource op add ovndb monitor role=Promoted interval=10s timeout=20s", []string{`<op name="monitor" role="Promoted"`, `<op name="monitor" enabled="false" role="Promoted"`}},
		{"monitors", doctor.Problem, "no monitor runs for role Unpromoted", "role=Unpromoted", []string{`<op name="monitor" role="Unpromoted" interval="30s" timeout="20s"/>`, ``}},
		{"monitors", doctor.Problem, "no monitor runs for role Unpromoted", "role=Unpromoted", []string{`interval="30s" timeout="20s"`, `interval="0s" timeout="20s"`}},
		{"fencing", doctor.Problem, "no fencing device", "stonith_admin", []string{`class="stonith"`, `class="lsb"`, `<nvpair name="no-quorum-policy" value="stop"/>`, `<nvpair name="have-watchdog" value="false"/><nvpair name="stonith-watchdog-timeout" value="10s"/>`}},
		{"monitors", doctor.Problem, "have the interval 10s", "interval=30s", []string{`interval="30s"`, `interval="10000ms"`}},
		{"fencing", doctor.Problem, "fencing is turned off", "--name stonith-enabled --update true", []string{`name="stonith-enabled" value="true"`, `name="stonith-enabled" value="false"`}},
		{"fencing", doctor.Problem, "fencing is turned off", "--name fencing-enabled --update true", []string{`name="stonith-enabled" value="true"`, `name="fencing-enabled" value="false"`}},
		{"fencing", doctor.Problem, "no fencing device", "stonith_admin", []string{`class="stonith"`, `class="lsb"`}},
		{"CIB schema", doctor.Advice, "the CIB has the schema pacemaker-3.9 of an earlier Pacemaker", "cibadmin --upgrade", []string{`name="no-quorum-policy" value="stop"`, `name="dc-version" value="3.0.0-3.0.0"`}},
		{"quorum", doctor.Problem, "no-quorum-policy is ignore", "--name no-quorum-policy --update stop", []string{`value="stop"`, `value="ignore"`}},
		{"quorum", doctor.Problem, "no-quorum-policy is freeze", "--update stop", []string{`value="stop"`, `value="freeze"`}},
		{"records", doctor.Advice, `of resource "old"`, "--set-name ovndb-servers-records --name ovndb-record-old --delete", []string{`<nvpair name="ovndb-record-ovndb"`, `<nvpair name="ovndb-record-old" value="1 T node1"/><nvpair name="ovndb-record-ovndb"`}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			wantOne(t, facts(t, tt.change...), tt.check, tt.severity, tt.text, tt.command)
		})
	}
}

// wantOne checks that a check finds one thing, and no other check finds a problem.
func wantOne(t *testing.T, f doctor.Facts, check string, severity doctor.Severity, text, command string) {
	t.Helper()
	found := doctor.Examine(f)
	if len(found) != 1 || found[0].Check != check || found[0].Severity != severity || !strings.Contains(found[0].Text, text) ||
		!strings.Contains(found[0].Command, command) {
		t.Errorf("found %+v\nwant one %s by %s: %s (%s)", found, severity, check, text, command)
	}
}

func TestEachFaultOfTheNodeIsFoundWithItsCommand(t *testing.T) {
	t.Parallel()
	key := doctor.Key{Database: "OVN_Northbound", Certificate: "/etc/cert.pem", PrivateKey: "/etc/key.pem", Expires: time.Unix(1_700_000_000, 0).Add(72 * time.Hour)}
	for _, tt := range []struct {
		check    string
		severity doctor.Severity
		text     string
		command  string
		change   func(*doctor.Facts)
	}{
		{"corosync", doctor.Advice, "takes 8.03s to notice", "corosync-cfgtool -R", func(f *doctor.Facts) { f.Membership = 8030 * time.Millisecond }},
		{"corosync", doctor.Advice, "stands still for 800ms", "corosync.conf", func(f *doctor.Facts) { f.Membership = 800 * time.Millisecond }},
		{"corosync", doctor.Unchecked, "not installed", "", func(f *doctor.Facts) { f.MembershipErr = errors.New("not installed") }},
		{"directories", doctor.Problem, "it is a link", "", func(f *doctor.Facts) { f.DirectoriesErr = errors.Join(errors.New("it is a link")) }},
		{"directories", doctor.Problem, "cannot use /d: ", "chmod o-w /d", func(f *doctor.Facts) {
			f.DirectoriesErr = errors.Join(fmt.Errorf("cannot use /d: %w", &process.MendableError{Command: "chmod o-w /d"}))
		}},
		{"pacemaker", doctor.Advice, "(3.16.2 on node1; 3.20.0 on node2, node3)", "upgrade pacemaker", func(f *doctor.Facts) {
			f.FeatureSets = map[string]string{"node1": "3.16.2", "node2": "3.20.0", "node3": "3.20.0"}
		}},
		{"pacemaker", doctor.Unchecked, "no answer", "", func(f *doctor.Facts) { f.FeatureSetsErr = errors.New("no answer") }},
		{"snapshots", doctor.Problem, "has 0.5 MB free, and a snapshot of each database needs 1.0 MB", "df -h", func(f *doctor.Facts) { f.Room.FreeBytes = 5e5 }},
		{"snapshots", doctor.Advice, "need 8.0 MB more", "df -h", func(f *doctor.Facts) { f.Room.FreeBytes, f.Room.Databases[0].Snapshots = 7e6, 2 }},
		{"snapshots", doctor.Unchecked, "no permission", "", func(f *doctor.Facts) { f.Room.Err = errors.New("no permission") }},
		{"second manager", doctor.Problem, "ovn-central.service is enabled", "systemctl disable --now ovn-central.service", func(f *doctor.Facts) {
			f.Services = []doctor.Service{{Name: "ovn-central.service", Enabled: true}, {Name: "other.service"}}
		}},
		{"second manager", doctor.Problem, "runs beside the cluster", "systemctl disable --now", func(f *doctor.Facts) {
			f.Services = []doctor.Service{{Name: "ovn-ovsdb-server-nb.service", Active: true}}
		}},
		{"agent link", doctor.Problem, "there is no agent", "ln -sfn /usr/sbin/ovndb-servers /usr/lib/ocf/resource.d/ovn/ovndb-servers", func(f *doctor.Facts) {
			f.Link.Missing, f.Link.Target = true, ""
		}},
		{"agent link", doctor.Problem, "leads to /gone, which does not exist", "ln -sfn", func(f *doctor.Facts) { f.Link.Missing, f.Link.Target = true, "/gone" }},
		{"agent link", doctor.Problem, "which is not this program", "ln -sfn", func(f *doctor.Facts) { f.Link.Same = false }},
		{"TLS", doctor.Problem, "expires in 3 days", "touch /etc/key.pem", func(f *doctor.Facts) { f.Keys = []doctor.Key{key} }},
		{"TLS", doctor.Problem, "TLS of OVN_Northbound: refused", "", func(f *doctor.Facts) {
			f.Keys = []doctor.Key{{Database: "OVN_Northbound", Err: errors.New("refused")}}
		}},
		{"clock", doctor.Advice, "nothing keeps the clock", "timedatectl set-ntp true", func(f *doctor.Facts) { f.Clock.MaxError = 16 * time.Second }},
		{"clock", doctor.Advice, "certificates for TLS are checked against it; no decision", "timedatectl", func(f *doctor.Facts) { f.Clock.MaxError = time.Minute }},
		{"clock", doctor.Unchecked, "not permitted", "", func(f *doctor.Facts) { f.Clock.Err = errors.New("not permitted") }},
		{"schemas", doctor.Advice, "7.0.0 on node1; 7.1.0 on node2, node3", "upgrade ovn-central", func(f *doctor.Facts) {
			newer := replication.Schemas{"OVN_Northbound": "7.1.0", "OVN_Southbound": "20.1.0"}
			f.Schemas.Nodes = map[string]replication.Schemas{"node1": {"OVN_Northbound": "7.0.0", "OVN_Southbound": "20.1.0"}, "node2": newer, "node3": newer}
		}},
		{"versions", doctor.Advice, "of this agent (an earlier one on node3; v1 on node1; v2 on node2)", "install ./ovndb-servers_*.deb", func(f *doctor.Facts) {
			f.Versions.Nodes = map[string]replication.Versions{"node1": {"ovndb-servers": "v1"}, "node2": {"ovndb-servers": "v2"}, "node3": {}}
		}},
		{"versions", doctor.Advice, "of ovsdb-server (3.1.0 on node1; 3.5.0 on node2)", "upgrade openvswitch-common openvswitch-switch", func(f *doctor.Facts) {
			f.Versions.Nodes = map[string]replication.Versions{
				"node1": {"ovndb-servers": "v1", "ovsdb-server": "3.1.0"}, "node2": {"ovndb-servers": "v1", "ovsdb-server": "3.5.0"}, "node3": {"ovndb-servers": "v1"},
			}
		}},
		{"versions", doctor.Unchecked, "no answer", "", func(f *doctor.Facts) { f.Versions.Err = errors.New("no answer") }},
		{"records", doctor.Advice, `the state of resource "old", which does not exist`, "rm -r /var/lib/ovndb-servers/old /run/ovndb-servers/old", func(f *doctor.Facts) {
			f.Kept = []doctor.Kept{{Resource: "ovndb", Directories: []string{"/x"}}, {Resource: "old", Directories: []string{"/var/lib/ovndb-servers/old", "/run/ovndb-servers/old"}}}
		}},
		{"records", doctor.Advice, "with 2 snapshots; once none of them is wanted: rm -r /var/lib/ovndb-servers/old", "ovndb-servers snapshots list --resource old", func(f *doctor.Facts) {
			f.Kept = []doctor.Kept{{Resource: "old", Directories: []string{"/var/lib/ovndb-servers/old"}, Snapshots: 2}}
		}},
		{"parameters", doctor.Problem, "cannot use parameter", "crm_resource --resource ovndb --set-parameter", func(f *doctor.Facts) {
			f.ParametersErr = errors.Join(errors.New(`cannot use parameter snapshots="x"`))
		}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			f := facts(t)
			tt.change(&f)
			wantOne(t, f, tt.check, tt.severity, tt.text, tt.command)
		})
	}
}

// Without the cluster's configuration each of its checks says so, and none passes for sound.
func TestChecksThatCannotBeMadeAreNamedOneByOne(t *testing.T) {
	t.Parallel()
	f := facts(t)
	f.Cluster = doctor.Cluster{Err: errors.New("the cluster cannot be asked")}
	want := "clone parameters virtual IP timeouts monitors fencing quorum CIB schema records directories snapshots second manager agent link TLS"
	var got []string
	for _, found := range doctor.Examine(f) {
		if found.Severity != doctor.Unchecked || !strings.Contains(found.Text, "cannot be asked") {
			t.Errorf("found %+v", found)
		}
		got = append(got, found.Check)
	}
	if strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	f = facts(t)
	f.Resource = "other"
	for _, found := range doctor.Examine(f) {
		if found.Severity != doctor.Unchecked || !strings.Contains(found.Text, `no resource "other"`) {
			t.Errorf("found %+v", found)
		}
	}
}

// A joined error is a finding for each; one that wraps two in a sentence is one.
func TestJoinedFaultsAreFindingsOfTheirOwn(t *testing.T) {
	t.Parallel()
	f, a, b := facts(t), errors.New("a"), errors.New("b")
	f.DirectoriesErr = errors.Join(errors.Join(a, b), fmt.Errorf("both %w and %w", a, b), nil)
	var got []string
	for _, found := range doctor.Examine(f) {
		got = append(got, found.Text)
	}
	if strings.Join(got, "; ") != "a; b; both a and b" {
		t.Errorf("got %q", got)
	}
}

func FuzzParseTime(f *testing.F) {
	for _, text := range []string{"60s", "10", "100ms", "2min", "1h", "PT20S", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if d, ok := doctor.ParseTime(text); d < 0 || !ok && d != 0 {
			t.Errorf("%q: %v", text, d)
		}
	})
}

func TestTimesAreReadAsPacemakerReadsThem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"60": time.Minute, "60s": time.Minute, "20 sec": 20 * time.Second, "100ms": 100 * time.Millisecond, "2min": 2 * time.Minute, "1h": time.Hour, "0": 0,
	} {
		if got, ok := doctor.ParseTime(text); !ok || got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	for _, text := range []string{"", "s", "PT20S", "-5s", fmt.Sprint(uint64(1) << 63)} {
		if got, ok := doctor.ParseTime(text); ok {
			t.Errorf("%q: %v", text, got)
		}
	}
}
