//go:build integration

package integration_test

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/pki/pkitest"
)

// Where the files for TLS are on each node. The certificates of a node differ from the others'.
const (
	tlsDirectory = "/etc/ovn-tls"
	tlsCA        = tlsDirectory + "/ca.pem"
)

// tlsFiles returns the files of a server, or of a client, of a node.
func tlsFiles(name string) pki.Files {
	return pki.Files{
		PrivateKey: tlsDirectory + "/" + name + "-key.pem", Certificate: tlsDirectory + "/" + name + "-cert.pem", CACert: tlsCA,
	}
}

// installFiles puts a new key and its certificate on a node, in the order in which a server reads both,
// and returns the certificate.
func (h hand) installFiles(authority *pkitest.Authority, node, name string, changes ...pkitest.Change) []byte {
	h.t.Helper()
	content, files := authority.Sign(h.t, name+" of "+node, changes...), tlsFiles(name)
	h.exec(node, "mkdir", "-p", tlsDirectory)
	h.install(node, files.CACert, 0o644, authority.PEM())
	h.install(node, files.Certificate, 0o644, content.Certificate)
	h.install(node, files.PrivateKey, 0o600, content.PrivateKey)
	return content.Certificate
}

// install puts a file in its place by mv, as docs/security.md has it: a server may read it at any moment.
func (h hand) install(node, path string, mode int64, text []byte) {
	h.t.Helper()
	h.check(h.WriteFile(h.ctx, node, path+".new", mode, text))
	h.exec(node, "mv", path+".new", path)
}

// tlsParameters offer both databases by TLS.
func tlsParameters(parameters map[string]string) {
	for _, database := range []string{"nb", "sb"} {
		files := tlsFiles(database)
		parameters[database+"_master_protocol"] = "ssl"
		parameters["ovn_"+database+"_db_privkey"] = files.PrivateKey
		parameters["ovn_"+database+"_db_cert"] = files.Certificate
		parameters["ovn_"+database+"_db_cacert"] = files.CACert
	}
}

// client runs a program of the node's OVN or Open vSwitch with the client's certificate.
func (h hand) client(ctx context.Context, node, program string, args ...string) (cluster.Result, error) {
	files := tlsFiles("client")
	options := []string{
		program, "--timeout=5", "--private-key=" + files.PrivateKey, "--certificate=" + files.Certificate, "--ca-cert=" + files.CACert,
	}
	return h.Exec(ctx, node, append(options, args...)...)
}

// awaitClient runs a client until it succeeds.
func (h hand) awaitClient(what, node, program string, args ...string) string {
	h.t.Helper()
	var output string
	h.await(what, func(ctx context.Context) error {
		result, err := h.client(ctx, node, program, args...)
		if err == nil && result.Code != 0 {
			err = fmt.Errorf("%s: %s", program, result)
		}
		output = result.Stdout
		return err
	})
	return output
}

// vipEndpoint is where clients find the northbound or the southbound database.
func (h hand) vipEndpoint(port string) string { return "ssl:" + h.VIP().String() + ":" + port }

// awaitSwitch awaits a Logical_Switch in the northbound database of a node's own server.
func (h hand) awaitSwitch(node, name string) {
	h.t.Helper()
	nb := ovsdb.Northbound()
	h.await(name+" on "+node, func(ctx context.Context) error { return hasRow(ctx, h.Cluster, node, nb, name) })
}

// awaitHealthy awaits that all nodes are healthy by their own word.
func (h hand) awaitHealthy() {
	h.t.Helper()
	awaitRest(h.ctx, h.t, h.Cluster)
	awaitReplication(h.ctx, h.t, h.Cluster)
}

// TestTLSForBothDatabases starts from nodes without databases. Clients write by TLS; a node without
// data is added, the active's machine dies, and the certificates are renewed, all without a row lost
// and, but for the dead node's, without a server restarted.
func TestTLSForBothDatabases(t *testing.T) {
	shortOnlyOn(t, cluster.Trixie)
	needServers(t)
	ctx, c := ownCluster(t, func(*cluster.Config) {})
	h := hand{Cluster: c, t: t, ctx: ctx}
	authority := pkitest.New(t, "the cluster's authority")
	for _, node := range c.NodeNames() {
		for _, name := range []string{"nb", "sb", "client"} {
			h.installFiles(authority, node, name)
		}
	}
	h.check(c.Reconfigure(ctx, func(config *cluster.Config) {
		if config.Parameters == nil {
			config.Parameters = map[string]string{}
		}
		tlsParameters(config.Parameters)
	}))
	h.awaitHealthy()
	view, err := c.View(ctx)
	h.check(err)
	active, backups := view.Promoted(), view.In(cluster.Unpromoted)

	h.awaitClient("a row by TLS", backups[0], "ovn-nbctl", "--no-leader-only", "--db="+h.vipEndpoint("6641"), "ls-add", "tls-first")
	h.awaitClient("a row by TLS", backups[0], "ovn-sbctl", "--no-leader-only", "--db="+h.vipEndpoint("6642"), "chassis-add", "tls-chassis", "geneve", "192.0.2.1")
	if names := h.awaitClient("the databases by TLS", backups[0], "ovsdb-client", "list-dbs", h.vipEndpoint("6642")); !strings.Contains(names, "OVN_Southbound") {
		t.Errorf("the databases are %q", names)
	}
	for _, node := range c.NodeNames() {
		h.awaitSwitch(node, "tls-first")
	}

	t.Log("a node without data is added")
	blank := backups[1]
	h.check(c.Standby(ctx, blank))
	h.check(c.Await(ctx, "the node to stop", c.SettledOn(active, backups[0])))
	h.exec(blank, "sh", "-c", "rm -rf /var/lib/ovn/* "+cluster.StateDir)
	h.check(c.Unstandby(ctx, blank))
	h.awaitHealthy()
	h.awaitSwitch(blank, "tls-first")

	t.Log("the active's machine dies")
	h.check(c.PowerOff(ctx, active))
	h.check(c.Await(ctx, "another node to lead", cluster.PromotedElsewhere(active)))
	h.awaitClient("a row by TLS after the failover", backups[0], "ovn-nbctl", "--no-leader-only", "--db="+h.vipEndpoint("6641"), "ls-add", "tls-second")
	h.check(c.PowerOn(ctx, active))
	h.awaitHealthy()
	for _, node := range c.NodeNames() {
		h.awaitSwitch(node, "tls-first")
		h.awaitSwitch(node, "tls-second")
	}
	h.renewCertificates(authority)
}

// renewCertificates renews all certificates while the servers run, and awaits that clients get the
// new one.
func (h hand) renewCertificates(authority *pkitest.Authority) {
	h.t.Helper()
	h.t.Log("the certificates are renewed")
	before, renewed := map[string]string{}, map[string][]byte{}
	for _, node := range h.NodeNames() {
		before[node] = h.serverPIDs(node)
		renewed[node] = h.installFiles(authority, node, "nb")
		h.installFiles(authority, node, "sb")
	}
	view, err := h.View(h.ctx)
	h.check(err)
	active := view.Promoted()
	client := authority.Files(h.t, "client of the test")
	h.await("the renewed certificate at the virtual IP", func(ctx context.Context) error {
		presented, err := ovsdbctl.PeerCertificate(ctx, h.vipEndpoint("6641"), client)
		if err != nil {
			return err
		}
		if block, _ := pem.Decode(renewed[active]); !bytes.Equal(block.Bytes, presented) {
			return errors.New("the server presents another one")
		}
		return nil
	})
	h.awaitHealthy()
	for _, node := range h.NodeNames() {
		if now := h.serverPIDs(node); now != before[node] {
			h.t.Errorf("the servers of %s were restarted: %s, were %s", node, now, before[node])
		}
	}
}

// TestTLSThatCannotWorkIsRefusedWithTheReason starts from a backup whose files do not serve: it does
// not follow, or does not start, and says why; with files that serve it comes back.
func TestTLSThatCannotWorkIsRefusedWithTheReason(t *testing.T) {
	skipIfShort(t)
	needServers(t)
	ctx, c := ownCluster(t, func(config *cluster.Config) { config.Nodes = 2 })
	h := hand{Cluster: c, t: t, ctx: ctx}
	authority, foreign := pkitest.New(t, "the cluster's authority"), pkitest.New(t, "a foreign authority")
	for _, node := range c.NodeNames() {
		h.installFiles(authority, node, "nb")
		h.installFiles(authority, node, "sb")
	}
	h.check(c.Reconfigure(ctx, func(config *cluster.Config) {
		if config.Parameters == nil {
			config.Parameters = map[string]string{}
		}
		tlsParameters(config.Parameters)
	}))
	h.awaitHealthy()
	view, err := c.View(ctx)
	h.check(err)
	backup := view.In(cluster.Unpromoted)[0]
	restart := func() {
		t.Helper()
		h.check(c.Standby(ctx, backup))
		h.check(c.Await(ctx, "the backup to stop", c.SettledOn(view.Promoted())))
		h.check(c.Cleanup(ctx, cluster.Resource))
		h.check(c.Unstandby(ctx, backup))
	}
	failedStart := func(parts ...string) {
		t.Helper()
		restart()
		h.await("the start to fail", func(ctx context.Context) error {
			view, err := c.View(ctx)
			if err == nil {
				err = failedWith(view, backup, "start", parts...)
			}
			return err
		})
	}

	h.installFiles(authority, backup, "nb", pkitest.Valid(-2*time.Hour, -time.Hour))
	failedStart("OVN_Northbound", "expired on")
	h.installFiles(authority, backup, "nb")
	h.check(c.WriteFile(ctx, backup, tlsFiles("nb").PrivateKey, 0o600, authority.Sign(t, "another one").PrivateKey))
	failedStart("OVN_Northbound", "do not belong together")
	h.installFiles(foreign, backup, "nb")
	h.installFiles(foreign, backup, "sb")
	restart()
	h.await("the backup to say that it cannot follow by TLS", func(ctx context.Context) error {
		result, err := c.Exec(ctx, backup, "grep", "-F", "the certificate of the server is refused", supervisorLog)
		if err == nil && result.Code != 0 {
			err = fmt.Errorf("not in %s: %s", supervisorLog, result)
		}
		return err
	})
	h.await("Pacemaker to record it as degraded", func(ctx context.Context) error { return monitorRecorded(ctx, c, backup, exitDegraded) })
	h.installFiles(authority, backup, "nb")
	h.installFiles(authority, backup, "sb")
	h.awaitHealthy()
}

// supervisorLog is the log of the resource's supervisor.
const supervisorLog = "/var/log/ovndb-servers/" + cluster.Resource + ".log"
