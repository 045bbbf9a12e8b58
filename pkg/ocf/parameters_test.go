package ocf_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/process"
)

func compareAddresses() cmp.Option {
	return cmpopts.EquateComparable(netip.Addr{}, netip.AddrPort{})
}

// parameters turns names and values into an environment.
func parameters(namesAndValues ...string) environment {
	e := environment{}
	for i := 0; i < len(namesAndValues); i += 2 {
		e["OCF_RESKEY_"+namesAndValues[i]] = namesAndValues[i+1]
	}
	return e
}

// defaults are the parameters of a resource that sets the virtual IP address alone.
func defaults() ocf.Parameters {
	return ocf.Parameters{
		Databases:            process.PairOVN,
		MasterIP:             netip.MustParseAddr("192.0.2.10"),
		Northbound:           control.Endpoint{Protocol: "tcp", Port: 6641},
		Southbound:           control.Endpoint{Protocol: "tcp", Port: 6642},
		ClientProbe:          5 * time.Second,
		ReplicationProbe:     time.Minute,
		ListenOnMasterIPOnly: true,
		NorthdThreads:        1,
		Snapshots:            10,
		StateDir:             "/var/lib/ovndb-servers",
		StateRunDir:          "/run/ovndb-servers",
		AgentLogDir:          "/var/log/ovndb-servers",
		DiskPatience:         30 * time.Second,
		BusyPatience:         2 * time.Minute,
		BeatInterval:         time.Second,
		CopyDelay:            3 * time.Second,
	}
}

func TestResourceWithAVirtualIPAloneGetsDefaults(t *testing.T) {
	t.Parallel()
	got, err := ocf.ParseParameters(fixture(t, "pacemaker-2.1.5-bring-up-start").getenv)
	if err != nil {
		t.Fatalf("cannot parse: %v", err)
	}
	if diff := cmp.Diff(defaults(), got, compareAddresses()); diff != "" {
		t.Errorf("wrong parameters (-want +got):\n%s", diff)
	}
}

func TestEveryParameterCanBeSet(t *testing.T) {
	t.Parallel()
	got, err := ocf.ParseParameters(parameters(
		"master_ip", "[2001:db8::10]", "nb_master_port", "16641", "nb_master_protocol", "ssl", "sb_master_port", "16642", "sb_master_protocol", "ssl", "sb_role", "ovn-controller",
		"inactive_probe_interval", "180000", "inactive_probe_interval_to_master", "0", "listen_on_master_ip_only", "no", "manage_northd", "yes", "northd_threads", "4",
		"node_address", "2001:db8::1", "ovn_rundir", "/run/ovn/", "ovn_dbdir", "/srv/ovn", "ovn_logdir", "/srv/log", "ovn_schemadir", "/opt/ovn",
		"ovn_nb_db_privkey", "/etc/ovn/nb.key", "ovn_nb_db_cert", "/etc/ovn/nb.pem", "ovn_nb_db_cacert", "/etc/ovn/ca/nb.pem",
		"ovn_sb_db_privkey", "/etc/ovn/sb.key", "ovn_sb_db_cert", "/etc/ovn//sb.pem", "ovn_sb_db_cacert", "/etc/ovn/ca/sb.pem",
		"databases", "ovn", "ovn_user", "openvswitch:hugetlbfs", "snapshots", "3", "state_dir", "/srv/state", "state_rundir", "/run/state/", "agent_logdir", "/srv/agent/", "lead_when_behind", "60", "disk_patience", "5", "busy_patience", "300", "beat_interval", "5", "copy_delay", "10", "metrics_file", "/srv//metrics/ovn.prom", "metrics_listen", "[::1]:9476", "ovn_ctl", "/usr/share/ovn/scripts/ovn-ctl",
	).getenv)
	if err != nil {
		t.Fatalf("cannot parse: %v", err)
	}
	want := ocf.Parameters{
		Databases: process.PairOVN,
		MasterIP:  netip.MustParseAddr("2001:db8::10"),
		Northbound: control.Endpoint{Protocol: "ssl", Port: 16641, Keys: pki.Files{
			PrivateKey: "/etc/ovn/nb.key", Certificate: "/etc/ovn/nb.pem", CACert: "/etc/ovn/ca/nb.pem",
		}},
		Southbound: control.Endpoint{Protocol: "ssl", Port: 16642, Role: "ovn-controller", Keys: pki.Files{
			PrivateKey: "/etc/ovn/sb.key", Certificate: "/etc/ovn/sb.pem", CACert: "/etc/ovn/ca/sb.pem",
		}},
		ClientProbe:      3 * time.Minute,
		ManageNorthd:     true,
		NorthdThreads:    4,
		NodeAddress:      netip.MustParseAddr("2001:db8::1"),
		RunDir:           "/run/ovn",
		DatabaseDir:      "/srv/ovn",
		LogDir:           "/srv/log",
		SchemaDir:        "/opt/ovn",
		User:             "openvswitch:hugetlbfs",
		Snapshots:        3,
		StateDir:         "/srv/state",
		StateRunDir:      "/run/state",
		AgentLogDir:      "/srv/agent",
		LeadWhenBehind:   time.Minute,
		DiskPatience:     5 * time.Second,
		BusyPatience:     5 * time.Minute,
		BeatInterval:     5 * time.Second,
		CopyDelay:        10 * time.Second,
		MetricsFile:      "/srv/metrics/ovn.prom",
		MetricsListen:    netip.MustParseAddrPort("[::1]:9476"),
		OVNCtl:           "/usr/share/ovn/scripts/ovn-ctl",
		ReplicationProbe: 0,
	}
	if diff := cmp.Diff(want, got, compareAddresses()); diff != "" {
		t.Errorf("wrong parameters (-want +got):\n%s", diff)
	}
}

func TestFilesForTLSAreAllOrNoneWithTCPAndThoseOfTheShellAgentWithSSL(t *testing.T) {
	t.Parallel()
	given := pki.Files{PrivateKey: "/k", Certificate: "/c", CACert: "/a"}
	for _, tt := range []struct {
		name     string
		set      []string
		want     pki.Files
		required []string
	}{
		{name: "none with tcp"},
		{name: "all with tcp", set: []string{"ovn_sb_db_privkey", "/k", "ovn_sb_db_cert", "/c", "ovn_sb_db_cacert", "/a"}, want: given},
		{name: "one with tcp", set: []string{"ovn_sb_db_privkey", "/k"}, required: []string{"ovn_sb_db_cert", "ovn_sb_db_cacert"}},
		{name: "none with ssl", set: []string{"sb_master_protocol", "ssl"}, want: pki.Files{
			PrivateKey: "/etc/openvswitch/ovnsb-privkey.pem", Certificate: "/etc/openvswitch/ovnsb-cert.pem", CACert: "/etc/openvswitch/cacert.pem",
		}},
		{name: "one with ssl", set: []string{"sb_master_protocol", "ssl", "ovn_sb_db_cert", "/c"}, want: pki.Files{
			PrivateKey: "/etc/openvswitch/ovnsb-privkey.pem", Certificate: "/c", CACert: "/etc/openvswitch/cacert.pem",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := ocf.ParseParameters(parameters(append([]string{"master_ip", "192.0.2.10"}, tt.set...)...).getenv)
			if got.Southbound.Keys != tt.want || got.Northbound.Keys.Given() {
				t.Errorf("got %v and %v for the other database", got.Southbound.Keys, got.Northbound.Keys)
			}
			if (err != nil) != (len(tt.required) > 0) {
				t.Fatalf("got %v", err)
			}
			for _, name := range tt.required {
				if !strings.Contains(err.Error(), "parameter "+name+" is required") {
					t.Errorf("%s is not required: %v", name, err)
				}
			}
		})
	}
}

func TestAddressIsReadInAnyOfItsSpellings(t *testing.T) {
	t.Parallel()
	rows := []struct{ value, want string }{
		{"192.0.2.10", "192.0.2.10"},
		{"  192.0.2.10 ", "192.0.2.10"},
		{"2001:db8::10", "2001:db8::10"},
		{"[2001:db8::10]", "2001:db8::10"},
		{"2001:DB8:0:0::10", "2001:db8::10"},
		{"::ffff:192.0.2.10", "192.0.2.10"},
		{"127.0.0.1", "127.0.0.1"},
	}
	for _, row := range rows {
		got, err := ocf.ParseParameters(parameters("master_ip", row.value).getenv)
		if err != nil || got.MasterIP.String() != row.want {
			t.Errorf("master_ip %q is read as %s (%v), want %s", row.value, got.MasterIP, err, row.want)
		}
	}
}

func TestBooleanIsReadInAnyOfItsSpellings(t *testing.T) {
	t.Parallel()
	rows := map[string]bool{
		"yes": true, "YES": true, "true": true, "True": true, "on": true, "1": true, "": true,
		"no": false, "No": false, "false": false, "off": false, "0": false,
	}
	for value, want := range rows {
		got, err := ocf.ParseParameters(parameters("master_ip", "192.0.2.10", "listen_on_master_ip_only", value).getenv)
		if err != nil || got.ListenOnMasterIPOnly != want {
			t.Errorf("listen_on_master_ip_only=%q is read as %v (%v), want %v", value, got.ListenOnMasterIPOnly, err, want)
		}
	}
}

func TestUnusableParameterIsNamedAndReplacedByItsDefault(t *testing.T) {
	t.Parallel()
	long := "/" + strings.Repeat("x", 95)
	rows := []struct {
		name   string
		values []string
	}{
		{"nb_master_port", []string{"0", "65536", "-1", "tcp", "6641.0", "0x10", "6641 6642"}},
		{"sb_master_port", []string{"0", "65536", "-1", "tcp", "6641"}},
		{"nb_master_protocol", []string{"TCP", "udp", "ptcp", "tcp:"}},
		{"sb_master_protocol", []string{"tls"}},
		{"inactive_probe_interval", []string{"5s", "-1", "2147483648", "1.5"}},
		{"inactive_probe_interval_to_master", []string{"never"}},
		{"listen_on_master_ip_only", []string{"maybe", "2", "y e s"}},
		{"manage_northd", []string{"maybe", "ovn-northd"}},
		{"northd_threads", []string{"0", "257", "many"}},
		{"databases", []string{"OVN", "ic", "ovn ovn-ic"}},
		{"sb_role", []string{"ovn controller", "a\x1bb", strings.Repeat("r", 65)}},
		{"node_address", []string{"node1", "192.0.2.0/24", "0.0.0.0", "::", "ff02::1", "fe80::1", "[fe80::1%eth0]", "[192.0.2.1]", "[2001:db8::1", "192.0.2.1:6641"}},
		{"ovn_rundir", []string{"run/ovn", "/run/my ovn", "/run/\novn", long}},
		{"ovn_dbdir", []string{".", "../ovn"}},
		{"ovn_logdir", []string{"log"}},
		{"ovn_nb_db_privkey", []string{"key.pem", "/etc/my key.pem", "/etc/$(id).pem", "/etc/`id`", "/etc/ovn/"}},
		{"ovn_sb_db_cacert", []string{"db:OVN_Southbound,SSL,ca_cert", "/etc/ca;pem"}},
		{"ovn_schemadir", []string{"~/ovn"}},
		{"busy_patience", []string{"0", "2m", "86401"}},
		{"disk_patience", []string{"0", "2m", "86401"}},
		{"lead_when_behind", []string{"0", "2m", "86401", "always"}},
		{"state_dir", []string{"state", "/var/lib/../lib/\nstate"}},
		{"state_rundir", []string{"run", "/run/my state"}},
		{"beat_interval", []string{"0", "0.5", "61"}},
		{"copy_delay", []string{"-1", "3s", "61", "never"}},
		{"metrics_file", []string{"ovn.prom", "/srv/metrics", "/srv/.prom", "/srv/a b.prom", "/srv/ovn.prom.txt"}},
		{"metrics_listen", []string{"9476", ":9476", "127.0.0.1", "127.0.0.1:0", "localhost:9476", "127.0.0.1:65536", "224.0.0.1:9476", "[fe80::1%eth0]:9476", "no", "127.0.0.1:6641", "[::]:6642"}},
		{"snapshots", []string{"0", "-1", "1001", "all", "1.5"}},
		{"ovn_user", []string{":", "user:", ":group", "a:b:c", "-user", "user:-group", "a b", "a/b"}},
	}
	for _, row := range rows {
		for _, value := range row.values {
			t.Run(row.name+"="+value, func(t *testing.T) {
				t.Parallel()
				got, err := ocf.ParseParameters(parameters("master_ip", "192.0.2.10", row.name, value).getenv)
				var problem *ocf.ParameterError
				if !errors.As(err, &problem) || problem.Name != row.name || problem.Value != value || problem.Allowed == "" {
					t.Fatalf("got error %v, want one that names %s and %q", err, row.name, value)
				}
				// Two ports that are each right and equal have no default to fall back on.
				if row.name == "sb_master_port" && value == "6641" {
					return
				}
				if diff := cmp.Diff(defaults(), got, compareAddresses()); diff != "" {
					t.Errorf("wrong parameters (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestInterconnectDatabasesHavePortsOfTheirOwnAndNoNorthd(t *testing.T) {
	t.Parallel()
	got, err := ocf.ParseParameters(parameters("master_ip", "192.0.2.10", "databases", "ovn-ic", "sb_master_port", "16646").getenv)
	if err != nil || got.Databases != process.PairInterconnect || got.Northbound.Port != 6645 || got.Southbound.Port != 16646 {
		t.Errorf("%+v (%v)", got, err)
	}
	_, err = ocf.ParseParameters(parameters("master_ip", "192.0.2.10", "databases", "ovn-ic", "manage_northd", "yes").getenv)
	var problem *ocf.ParameterError
	if !errors.As(err, &problem) || problem.Name != "manage_northd" {
		t.Errorf("got error %v, want one that names manage_northd", err)
	}
}

func TestVirtualIPThatIsMissingOrWrongIsRefused(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"":              `parameter master_ip is required: set it to an IPv4 or IPv6 address of a host`,
		" ":             `parameter master_ip is required: set it to an IPv4 or IPv6 address of a host`,
		"192.0.2.10/24": `cannot use parameter master_ip="192.0.2.10/24": allowed is an IPv4 or IPv6 address of a host, without the "/" and the prefix length`,
		"vip.example":   `cannot use parameter master_ip="vip.example": allowed is an IPv4 or IPv6 address of a host`,
	}
	for value, want := range rows {
		got, err := ocf.ParseParameters(parameters("master_ip", value).getenv)
		if err == nil || err.Error() != want || got.MasterIP.IsValid() {
			t.Errorf("master_ip=%q: got %v and error %v, want error %s", value, got.MasterIP, err, want)
		}
	}
}

func TestVirtualIPIsRequiredUnlessClientsMayComeToAnyAddress(t *testing.T) {
	t.Parallel()
	got, err := ocf.ParseParameters(parameters("listen_on_master_ip_only", "no").getenv)
	if err != nil || got.MasterIP.IsValid() || got.ListenOnMasterIPOnly {
		t.Errorf("%+v (%v)", got, err)
	}
	_, err = ocf.ParseParameters(parameters("listen_on_master_ip_only", "no", "master_ip", "vip.example").getenv)
	var problem *ocf.ParameterError
	if !errors.As(err, &problem) || problem.Name != "master_ip" {
		t.Errorf("got error %v, want one that names master_ip", err)
	}
}

func TestNodeAddressEqualToTheVirtualIPIsRefused(t *testing.T) {
	t.Parallel()
	_, err := ocf.ParseParameters(parameters("master_ip", "[2001:db8::10]", "node_address", "2001:db8::10").getenv)
	var problem *ocf.ParameterError
	if !errors.As(err, &problem) || problem.Name != "node_address" {
		t.Errorf("got error %v, want one about node_address", err)
	}
}

func TestAllUnusableParametersAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ocf.ParseParameters(parameters("nb_master_port", "x", "sb_master_protocol", "y", "ovn_user", ":").getenv)
	if err == nil {
		t.Fatal("got no error")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 4 {
		t.Fatalf("got %d problems, want 4:\n%v", len(lines), err)
	}
	for i, name := range []string{"nb_master_port", "sb_master_protocol", "ovn_user", "master_ip"} {
		if !strings.Contains(lines[i], "parameter "+name) {
			t.Errorf("problem %d is %q, want one about %s", i, lines[i], name)
		}
	}
}
