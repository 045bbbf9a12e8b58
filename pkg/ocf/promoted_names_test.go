package ocf_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ocf"
)

// shellAgent holds the parameters of utilities/ovndb-servers.ocf in OVN 26.03, with their defaults.
func shellAgent() map[string]string {
	return map[string]string{
		"ovn_ctl": "/usr/share/ovn/scripts/ovn-ctl", "master_ip": "",
		"nb_master_port": "6641", "nb_master_protocol": "tcp", "sb_master_port": "6642", "sb_master_protocol": "tcp",
		"manage_northd": "no", "inactive_probe_interval": "5000", "inactive_probe_interval_to_master": "60000", "listen_on_master_ip_only": "yes",
		"ovn_nb_db_privkey": "/etc/openvswitch/ovnnb-privkey.pem", "ovn_nb_db_cert": "/etc/openvswitch/ovnnb-cert.pem",
		"ovn_nb_db_cacert":  "/etc/openvswitch/cacert.pem",
		"ovn_sb_db_privkey": "/etc/openvswitch/ovnsb-privkey.pem", "ovn_sb_db_cert": "/etc/openvswitch/ovnsb-cert.pem",
		"ovn_sb_db_cacert": "/etc/openvswitch/cacert.pem",
	}
}

func TestDefinitionOfTheShellAgentWithAllItsDefaultsIsThatOfAVirtualIPAlone(t *testing.T) {
	t.Parallel()
	written := parameters("master_ip", "192.0.2.10")
	for name, value := range shellAgent() {
		if value != "" {
			written["OCF_RESKEY_"+name] = value
		}
	}
	got, err := ocf.ParseParameters(written.getenv)
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.OVNCtl = shellAgent()["ovn_ctl"]
	// With tcp the files for TLS are used for rows that an operator has added.
	want.Northbound.Keys, want.Southbound.Keys = got.Northbound.Keys, got.Southbound.Keys
	if diff := cmp.Diff(want, got, compareAddresses()); diff != "" {
		t.Errorf("wrong parameters (-want +got):\n%s", diff)
	}
}

// promotedNames are the names in OCF 1.0's words with those in OCF 1.1's, and a value of each.
func promotedNames() [][3]string {
	return [][3]string{
		{"master_ip", "promoted_ip", "2001:db8::10"},
		{"nb_master_port", "nb_promoted_port", "16641"},
		{"nb_master_protocol", "nb_promoted_protocol", "ssl"},
		{"sb_master_port", "sb_promoted_port", "16642"},
		{"sb_master_protocol", "sb_promoted_protocol", "ssl"},
		{"inactive_probe_interval_to_master", "inactive_probe_interval_to_promoted", "7000"},
		{"listen_on_master_ip_only", "listen_on_promoted_ip_only", "no"},
	}
}

func TestParameterIsReadByItsNameInTheWordsOfOCF11AsByTheOther(t *testing.T) {
	t.Parallel()
	for _, row := range promotedNames() {
		base := parameters("master_ip", "192.0.2.10")
		if row[0] == "master_ip" {
			base = environment{}
		}
		want, wantErr := ocf.ParseParameters(base.and(parameters(row[0], row[2])).getenv)
		got, gotErr := ocf.ParseParameters(base.and(parameters(row[1], row[2])).getenv)
		if diff := cmp.Diff(want, got, compareAddresses()); diff != "" || wantErr != nil || gotErr != nil {
			t.Errorf("%s differs from %s (%v, %v):\n%s", row[1], row[0], wantErr, gotErr, diff)
		}
	}
}

func TestParameterThatIsWrongOrSetTwiceIsNamedAsTheOperatorHasIt(t *testing.T) {
	t.Parallel()
	for _, row := range promotedNames() {
		for _, set := range [][]string{{row[1], "wrong/value"}, {row[0], row[2], row[1], "other"}} {
			base := parameters("master_ip", "192.0.2.10")
			if row[0] == "master_ip" {
				base = environment{}
			}
			_, err := ocf.ParseParameters(base.and(parameters(set...)).getenv)
			var problem *ocf.ParameterError
			if !errors.As(err, &problem) || problem.Name != row[1] || problem.Value != set[len(set)-1] {
				t.Errorf("%q: got error %v, want one that names %s and its value", set, err, row[1])
			}
		}
		both := parameters("master_ip", "192.0.2.10").and(parameters(row[0], row[2], row[1], row[2]))
		if _, err := ocf.ParseParameters(both.getenv); err != nil {
			t.Errorf("%s and %s with the same value are refused: %v", row[0], row[1], err)
		}
	}
}
