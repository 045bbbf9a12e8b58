package ocf_test

import (
	"context"
	"io"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/network"
	"ovndb-servers/pkg/ocf"
)

// unreachable is a network on which this node finds no address of its own.
type unreachable struct{ network.Interfaces }

func (unreachable) Beside(netip.Addr) ([]netip.Addr, error) { return nil, nil }

func (unreachable) Source(context.Context, netip.Addr) (netip.Addr, error) {
	return netip.Addr{}, network.ErrNoAddress
}

// runOutside runs an action on a node without a cluster, an address of its own and servers.
func runOutside(t *testing.T, action string, namesAndValues ...string) (code ocf.ExitCode, reason, log string) {
	t.Helper()
	var reasons, lines strings.Builder
	logger := logrus.New()
	logger.SetOutput(&lines)
	runDir, err := os.MkdirTemp("", "ovn") // t.TempDir is too long for the path of a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(runDir) })
	e := byHand(append([]string{"ovn_rundir", runDir, "ovn_dbdir", t.TempDir(), "state_dir", t.TempDir(), "state_rundir", t.TempDir()}, namesAndValues...)...)
	code = ocf.Agent{
		Getenv: e.getenv, Stdout: io.Discard, Stderr: &reasons, Log: logger, Cluster: noCluster{}, Network: unreachable{},
	}.Run(t.Context(), action)
	return code, reasons.String(), lines.String()
}

func TestMonitorOutsideAClusterWarnsOfEachLackOnce(t *testing.T) {
	t.Parallel()
	code, reason, log := runOutside(t, "monitor", "CRM_meta_interval", "10000")
	if code != ocf.NotRunning || reason != "" {
		t.Errorf("code %v, reason %q", code, reason)
	}
	for _, want := range []string{"cannot ask Pacemaker for the name of this node", "cannot complete the configuration on this node"} {
		if strings.Count(log, want) != 1 {
			t.Errorf("want one warning, %q, in:\n%s", want, log)
		}
	}
}

func TestStopOfANodeThatCannotRunTheResourceLooksUpNeitherOwnerNorAddress(t *testing.T) {
	t.Parallel()
	code, reason, log := runOutside(t, "stop", "ovn_user", "user-of-no-node")
	if code != ocf.Success || reason != "" || strings.Contains(log, "user-of-no-node") || strings.Contains(log, "cannot complete") {
		t.Errorf("code %v, reason %q, log:\n%s", code, reason, log)
	}
}

func TestStartOnANodeThatCannotRunTheResourceNamesAllLacksAtOnce(t *testing.T) {
	t.Parallel()
	code, reason, _ := runOutside(t, "start", "ovn_user", "user-of-no-node")
	if code != ocf.ErrInstalled || !strings.Contains(reason, "user-of-no-node") || !strings.Contains(reason, "set parameter node_address") {
		t.Errorf("code %v, reason %q, want both the user and the address", code, reason)
	}
}

func TestValidateAllAsksNoCluster(t *testing.T) {
	t.Parallel()
	_, _, log := validate(t, byHand("node_address", "192.0.2.1", "ovn_dbdir", t.TempDir()).and(environment{"OCF_CHECK_LEVEL": "10"}))
	if strings.Contains(log, "Pacemaker") {
		t.Errorf("the cluster was asked:\n%s", log)
	}
}
