package ocf_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ocf"
)

func FuzzParseEnvironment(f *testing.F) {
	addFixtures(f)
	f.Add("OCF_RESKEY_CRM_meta_timeout=4294967295\nOCF_RESOURCE_INSTANCE=a:0:1\nOCF_RESKEY_crm_feature_set=3.6.\n")
	f.Fuzz(func(t *testing.T, text string) {
		env := parseLines(text)
		e, err := ocf.ParseEnvironment("monitor", env.getenv)
		var problem *ocf.VariableError
		if err != nil && !errors.As(err, &problem) {
			t.Errorf("got an error of another type: %v", err)
		}
		if e.Timeout <= 0 || e.Deadline() <= 0 || e.Deadline() > e.Timeout || e.Interval < 0 || e.CheckLevel < 0 {
			t.Errorf("got an impossible environment: %+v, deadline %s", e, e.Deadline())
		}
		checkInstance(t, e.Instance)
	})
}

// checkInstance fails the test if an instance cannot be part of a file name.
func checkInstance(t *testing.T, instance string) {
	t.Helper()
	if instance == "" || instance[0] == '.' || filepath.Base(instance) != instance || strings.ContainsAny(instance, ": \t\n\x00") {
		t.Errorf("instance %q cannot name a file", instance)
	}
}

func FuzzNotify(f *testing.F) {
	addFixtures(f)
	f.Add("OCF_RESKEY_CRM_meta_notify_type=post\nOCF_RESKEY_CRM_meta_notify_operation=promote\n" +
		"OCF_RESKEY_CRM_meta_notify_active_uname=a a b\nOCF_RESKEY_CRM_meta_notify_start_uname=b c\n")
	f.Fuzz(func(t *testing.T, text string) {
		e, _ := ocf.ParseEnvironment("notify", parseLines(text).getenv)
		n := e.Notify
		active := n.ActiveAtPromote()
		for _, name := range n.Start {
			if !slices.Contains(active, name) {
				t.Errorf("%q was started, and is not in %q", name, active)
			}
		}
		for i, name := range active {
			if name == "" || slices.Contains(active[:i], name) || !slices.Contains(slices.Concat(n.Active, n.Start), name) {
				t.Errorf("%q does not belong in %q", name, active)
			}
		}
	})
}

func FuzzParseParameters(f *testing.F) {
	f.Add("192.0.2.10", "6641", "6642", "tcp", "5000", "yes", "", "/run/ovn", "openvswitch:hugetlbfs")
	f.Add("[2001:db8::10]", "1", "65535", "ssl", "0", "no", "2001:db8::1", "/var/run/ovn/", "root")
	f.Add("", "1", "65535", "ssl", "0", "no", "2001:db8::1", "/run/ovn", "root")
	f.Add("192.0.2.10/24", "0", "-1", "TCP", "5s", "maybe", "fe80::1%eth0", "..", ":")
	f.Fuzz(func(t *testing.T, masterIP, nbPort, sbPort, protocol, probe, only, node, dir, user string) {
		env := parameters("master_ip", masterIP, "nb_master_port", nbPort, "sb_master_port", sbPort, "nb_master_protocol", protocol,
			"inactive_probe_interval", probe, "listen_on_master_ip_only", only, "node_address", node, "ovn_rundir", dir, "ovn_user", user)
		p, err := ocf.ParseParameters(env.getenv)
		var problem *ocf.ParameterError
		if err != nil && !errors.As(err, &problem) {
			t.Errorf("got an error of another type: %v", err)
		}
		if p.ClientProbe < 0 || p.Northbound.Port == 0 || p.Southbound.Port == 0 || p.Northbound.Protocol != "tcp" && p.Northbound.Protocol != "ssl" {
			t.Errorf("got impossible parameters: %+v", p)
		}
		if p.RunDir != "" && (!filepath.IsAbs(p.RunDir) || filepath.Clean(p.RunDir) != p.RunDir) {
			t.Errorf("got the run directory %q", p.RunDir)
		}
		if err == nil {
			checkAccepted(t, env, p)
		}
	})
}

// checkAccepted fails the test if accepted parameters contradict each other, or do not survive
// being written again.
func checkAccepted(t *testing.T, env environment, p ocf.Parameters) {
	t.Helper()
	unreachable := !p.MasterIP.IsValid() && p.ListenOnMasterIPOnly
	oneAddress := p.MasterIP.IsValid() && p.NodeAddress == p.MasterIP
	if unreachable || oneAddress || p.Northbound.Port == p.Southbound.Port {
		t.Errorf("accepted parameters contradict each other: %+v", p)
	}
	masterIP := ""
	if p.MasterIP.IsValid() {
		masterIP = p.MasterIP.String()
	}
	again, err := ocf.ParseParameters(env.and(parameters("master_ip", masterIP, "ovn_rundir", p.RunDir)).getenv)
	if diff := cmp.Diff(p, again, compareAddresses()); diff != "" || err != nil {
		t.Errorf("parameters written again are read differently (%v):\n%s", err, diff)
	}
}
