package ocf

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
)

// noCluster is a Pacemaker that is not there.
type noCluster struct{ ClusterManager }

func (noCluster) Resource(string, control.Identity) control.Cluster { return control.Alone{} }

func (noCluster) LocalNode(context.Context) (string, error) { return "", errors.New("not running") }

// anyAddress is a network that holds every address.
type anyAddress struct{ Network }

func (anyAddress) Holds(netip.Addr) bool { return true }

func (anyAddress) DualStack() bool { return true }

func TestEveryParameterOfTheControllerReachesIt(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"master_ip": "192.0.2.10", "nb_master_port": "16641", "sb_master_port": "16642",
		"inactive_probe_interval": "7000", "inactive_probe_interval_to_master": "8000", "listen_on_master_ip_only": "no",
		"manage_northd": "yes", "northd_threads": "4", "snapshots": "3", "busy_patience": "301", "lead_when_behind": "61",
		"state_dir": "/srv/state", "state_rundir": "/run/state",
		"ovn_rundir": "/run/o", "ovn_dbdir": "/srv/db", "ovn_logdir": "/srv/log", "ovn_schemadir": "/srv/schema",
	}
	getenv := func(name string) string { return values[strings.TrimPrefix(name, "OCF_RESKEY_")] }
	p, err := ParseParameters(getenv)
	if err != nil {
		t.Fatal(err)
	}
	a := Agent{Getenv: getenv, Cluster: noCluster{}, Network: anyAddress{}, Log: logrus.New()}
	c, _ := a.controller(t.Context(), Environment{Instance: "db", Node: "node1"}, p)
	got := map[string]any{
		"node": c.Node, "state": c.StateDir, "run": c.RunDir, "northd": c.ManageNorthd, "threads": c.NorthdThreads, "file": c.NorthdParameters, "snapshots": c.Snapshots,
		"busy": c.BusyPatience, "behind": c.LeadWhenBehind,
		"address": c.Listening.MasterIP.String(), "only": c.Listening.MasterIPOnly, "dual": c.Listening.DualStack,
		"client": c.Listening.ClientProbe, "replication": c.Listening.ReplicationProbe,
		"ports":  []uint16{c.Units[0].Endpoint.Port, c.Units[1].Endpoint.Port},
		"layout": []string{c.Layout.RunDir, c.Layout.DatabaseDir, c.Layout.LogDir, c.Layout.SchemaDir},
	}
	want := map[string]any{
		"node": "node1", "state": "/srv/state/db", "run": "/run/state/db", "northd": true, "threads": 4, "file": "/etc/ovn/ovn-northd-db-params.conf", "snapshots": 3,
		"busy": 301 * time.Second, "behind": 61 * time.Second,
		"address": "192.0.2.10", "only": false, "dual": true, "client": 7 * time.Second, "replication": 8 * time.Second,
		"ports": []uint16{16641, 16642}, "layout": []string{"/run/o", "/srv/db", "/srv/log", "/srv/schema"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the controller differs from the parameters (-want +got):\n%s", diff)
	}
}

func TestTheAccountIsThatOfTheParameterElseOfOVNsPackagesElseTheAgents(t *testing.T) {
	t.Parallel()
	settings := filepath.Join(t.TempDir(), "ovn")
	missing := settings + ".missing"
	if err := os.WriteFile(settings, []byte("OVN_USER_ID=\"64999:64998\"\nOVN_NORTHD_OPTS=x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		user, settings string
		want           int
	}{
		{"64997:64998", settings, 64997}, {"", settings, 64999}, {"", missing, os.Geteuid()}, {"root", settings, 0}, {"64997:64998", t.TempDir(), 64997},
	} {
		owner, err := Parameters{User: test.user}.ownerBy(test.settings)
		if err != nil || owner.UID != test.want {
			t.Errorf("%+v: got %+v, %v", test, owner, err)
		}
	}
	if owner, err := (Parameters{}).ownerBy(t.TempDir()); err == nil { // what cannot be read may name an account
		t.Errorf("a directory in the place of the settings: got %+v", owner)
	}
}
