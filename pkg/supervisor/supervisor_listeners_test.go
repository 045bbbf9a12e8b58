package supervisor_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
)

// delConnections removes all Connection rows of a database, as ovn-nbctl del-connection does.
func delConnections(t *testing.T, u control.Unit) {
	t.Helper()
	out, err := exec.CommandContext(testContext(t), "ovsdb-client", "transact", "unix:"+u.Server.DataSocket, fmt.Sprintf(
		`[%q,{"op":"update","table":%q,"where":[],"row":{"connections":["set",[]]}}]`, u.Name(), u.Server.Database.GlobalTable)).CombinedOutput()
	if err != nil || strings.Contains(string(out), "error") {
		t.Fatalf("%v: %s", err, out)
	}
}

// The state is an active whose rows a client removes, or whose listeners somebody closes. Outcome:
// clients and backups can connect again two seconds later, and nothing else has changed.
func TestSupervisedActiveWhoseRowsOrListenersAreRemovedServesAgain(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	u := p.active.Units[1]
	endpoints := []string{u.Endpoint.Source(p.active.Listening.NodeAddress), u.Endpoint.Source(p.active.Listening.MasterIP)}
	serves := func() bool { return reachable(t, endpoints[0], u) && reachable(t, endpoints[1], u) }
	before := controltest.PIDs(t, p.active)
	for name, remove := range map[string]func(){
		"rows":      func() { delConnections(t, u) },
		"listeners": func() { must(t, u.Server.CloseConnections(testContext(t))) },
	} {
		eventually(t, "the active to serve", serves)
		session, err := ovsdbctl.Open(testContext(t), endpoints[1], u.Server.Database)
		must(t, err)
		removed := time.Now()
		remove()
		eventually(t, "the client's session to end", func() bool {
			_, err := session.Writable(testContext(t))
			return err != nil
		})
		session.Close()
		eventually(t, "the active to serve again after the loss of "+name, serves)
		t.Logf("%s: served again after %s", name, time.Since(removed))
	}
	if after := controltest.PIDs(t, p.active); after != before {
		t.Errorf("the servers were %v and are %v", before, after)
	}
}

// The state is an active whose port another program has taken. Outcome: the monitors are told until it
// is free, and then the server listens.
func TestSupervisedActiveWhosePortIsTakenIsReportedUntilItServes(t *testing.T) {
	t.Parallel()
	p := newPair(t)
	u := p.active.Units[0]
	p.stop[0]()
	delConnections(t, u)
	var squatter net.Listener
	eventually(t, "the server to give up the port", func() (taken bool) {
		var err error
		squatter, err = net.Listen("tcp", netip.AddrPortFrom(p.active.Listening.MasterIP, u.Endpoint.Port).String())
		return err == nil
	})
	defer func() { _ = squatter.Close() }()
	supervise(t, p.active, nil)
	eventually(t, "the supervisor to leave its state", func() bool {
		_, err := os.Stat(filepath.Join(p.active.RunDir, "supervisor.json"))
		return err == nil
	})
	told := func() bool {
		return strings.Contains(strings.Join(reported(t, p.active), "; "), "clients or backups cannot connect")
	}
	eventually(t, "the monitors to be told", told)
	must(t, squatter.Close())
	eventually(t, "the monitors to be told that all is well", func() bool { return len(reported(t, p.active)) == 0 })
	if !reachable(t, u.Endpoint.Source(p.active.Listening.MasterIP), u) {
		t.Error("the active does not serve")
	}
}
