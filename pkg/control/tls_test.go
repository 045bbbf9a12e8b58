package control_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/pki/pkitest"
	"ovndb-servers/pkg/replication"
)

// newTLSNode returns a node whose databases are offered by TLS, with a key and a certificate for both.
func newTLSNode(t *testing.T, c *controltest.Cluster, name, address string, ports [2]uint16, files pki.Files) *control.Controller {
	t.Helper()
	node := controltest.NewNode(t, c, name, address, ports)
	for i := range node.Units {
		node.Units[i].Endpoint.Protocol, node.Units[i].Endpoint.Keys = "ssl", files
	}
	return node
}

// tlsPair is a promoted node and a blank one that runs.
type tlsPair struct {
	authority     *pkitest.Authority
	cluster       *controltest.Cluster
	active, blank *control.Controller
}

func newTLSPair(t *testing.T, backup func(authority *pkitest.Authority) pki.Files) tlsPair {
	t.Helper()
	p := tlsPair{authority: pkitest.New(t, "authority"), cluster: controltest.NewCluster()}
	ports := controltest.FreePorts(t)
	p.active = newTLSNode(t, p.cluster, "node1", "127.0.0.1", ports, p.authority.Files(t, "node1"))
	p.blank = newTLSNode(t, p.cluster, "node2", "127.0.0.2", ports, backup(p.authority))
	must(t, p.active.Start(testContext(t)))
	must(t, p.active.Promote(testContext(t), replication.Participants{}))
	return p
}

func files(t *testing.T) func(*pkitest.Authority) pki.Files {
	t.Helper()
	return func(a *pkitest.Authority) pki.Files { t.Helper(); return a.Files(t, "node2") }
}

func TestBlankBackupFollowsQuestionsAndLeadsByTLSWithoutASnapshot(t *testing.T) {
	t.Parallel()
	p := newTLSPair(t, files(t))
	insert(t, p.active, "first")
	must(t, p.blank.Start(testContext(t)))
	eventually(t, "the blank node to hold the row", func() bool { return len(rows(t, p.blank)) == 1 })
	wantHealth(t, p.active, replication.HealthActive)
	eventually(t, "the blank node to replicate", func() bool {
		return p.blank.Monitor(testContext(t), false).Health == replication.HealthBackup
	})
	// To and fro: each follows the other, and the data of each is proven to be the other's.
	for _, move := range [][2]*control.Controller{{p.active, p.blank}, {p.blank, p.active}} {
		from, to := move[0], move[1]
		must(t, from.Demote(testContext(t)))
		must(t, to.ReceiveLast(testContext(t), []string{from.Node}))
		must(t, to.Promote(testContext(t), replication.Participants{}))
		must(t, from.Follow(testContext(t), to.Node))
		eventually(t, "the demoted node to replicate", func() bool {
			return from.Monitor(testContext(t), false).Health == replication.HealthBackup
		})
		insert(t, to, "of "+to.Node)
	}
	if got := snapshots(t, p.active); len(got) > 0 {
		t.Errorf("the first node has kept snapshots: %v", got)
	}
}

func TestMarkerOfASourceIsWatchedByTLS(t *testing.T) {
	t.Parallel()
	p := newTLSPair(t, files(t))
	must(t, p.blank.Start(testContext(t)))
	u := p.blank.Units[0]
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	markers := make(chan *replication.Marker)
	go func() { _ = p.blank.WatchSource(ctx, u, sourcesOf(p.cluster, "node1")[u.Name()], markers) }()
	select {
	case <-ctx.Done():
		t.Fatal("no marker came")
	case marker := <-markers:
		if marker == nil || marker.Term != 1 {
			t.Errorf("got %v", marker)
		}
	}
}

// TestBackupWhoseAuthorityIsAnotherOneStaysParkedAndSaysWhy has the wrong CA file on either side.
func TestBackupWhoseAuthorityIsAnotherOneStaysParkedAndSaysWhy(t *testing.T) {
	t.Parallel()
	foreign := pkitest.New(t, "foreign")
	for _, tt := range []struct {
		name   string
		says   string
		backup func(t *testing.T, a *pkitest.Authority) pki.Files
	}{
		{"it does not believe the source", "the certificate of the server is refused", func(t *testing.T, _ *pkitest.Authority) pki.Files {
			t.Helper()
			return foreign.Files(t, "node2")
		}},
		{"the source does not believe it", "refuse", func(t *testing.T, a *pkitest.Authority) pki.Files {
			t.Helper()
			f := foreign.Files(t, "node2")
			pkitest.Write(t, f.CACert, append(foreign.PEM(), a.PEM()...), 0o644)
			return f
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newTLSPair(t, func(a *pkitest.Authority) pki.Files { return tt.backup(t, a) })
			must(t, p.blank.Start(testContext(t)))
			v := wantHealth(t, p.blank, replication.HealthBackupDegraded)
			source := sourcesOf(p.cluster, "node1")[nb]
			for _, part := range []string{tt.says, source, nb} {
				if !strings.Contains(v.Reason(), part) {
					t.Errorf("%q is not in the reason: %s", part, v.Reason())
				}
			}
			if symptom := strings.Index(v.Reason(), "and not from the promoted node"); symptom < strings.Index(v.Reason(), tt.says) {
				t.Errorf("the cause is not first: %s", v.Reason())
			}
			if s := status(t, p.blank.Units[0]); s.Source != p.blank.Units[0].Endpoint.Parking() {
				t.Errorf("it follows %s", s.Source)
			}
		})
	}
}

func TestStartRefusesFilesForTLSThatDoNotServeAndStartsNoServer(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	expired := authority.Files(t, "node1", pkitest.Valid(-2*time.Hour, -time.Hour))
	swapped := authority.Files(t, "node1")
	pkitest.Write(t, swapped.PrivateKey, authority.Sign(t, "other").PrivateKey, 0o600)
	for name, files := range map[string]pki.Files{"expired": expired, "key of another certificate": swapped} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := newTLSNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t), files)
			err := node.Start(testContext(t))
			if !errors.Is(err, pki.ErrRefused) || !strings.Contains(err.Error(), nb) || !strings.Contains(err.Error(), sb) {
				t.Errorf("got %v", err)
			}
			wantHealth(t, node, replication.HealthStopped)
		})
	}
}

func TestStartReplacesAServerThatHasOtherFilesForTLSAndMonitorDoesNot(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	node := newTLSNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t), authority.Files(t, "node1"))
	must(t, node.Start(testContext(t)))
	before := controltest.PIDs(t, node)
	next := authority.Files(t, "node1")
	node.Units[1].Endpoint.Keys = next
	wantHealth(t, node, replication.HealthBackup)
	faults := node.KeyFaults(testContext(t), time.Now())
	if len(faults) != 1 || !strings.Contains(faults[0], next.PrivateKey) || !strings.Contains(faults[0], sb) || controltest.PIDs(t, node) != before {
		t.Errorf("processes were %v and are %v, faults %q", before, controltest.PIDs(t, node), faults)
	}
	must(t, node.Start(testContext(t)))
	if after := controltest.PIDs(t, node); after[0] != before[0] || after[1] == before[1] {
		t.Errorf("processes were %v and are %v", before, after)
	}
	if faults := node.KeyFaults(testContext(t), time.Now()); len(faults) > 0 {
		t.Errorf("faults %q", faults)
	}
}

// TestCertificatesThatEndSoonOrAreNotReadAreReported starts from an active node without faults.
func TestCertificatesThatEndSoonOrAreNotReadAreReported(t *testing.T) {
	t.Parallel()
	p := newTLSPair(t, files(t))
	keys := p.active.Units[0].Endpoint.Keys
	faults := func(after time.Duration) string {
		return strings.Join(p.active.KeyFaults(testContext(t), time.Now().Add(after)), "\n")
	}
	const day = 24 * time.Hour
	if got := faults(330 * day); got != "" {
		t.Errorf("35 days before: %s", got)
	}
	for after, says := range map[time.Duration]string{340 * day: "expires in 24 days", 366 * day: "expired on"} {
		if got := faults(after); strings.Count(got, says) != 2 || !strings.Contains(got, keys.Certificate) || !strings.Contains(got, "touch "+keys.PrivateKey) {
			t.Errorf("after %s: %s", after, got)
		}
	}
	// The certificate is replaced first: the server does not read it before the key is another one.
	stamp := p.active.KeyStamp()
	other := p.authority.Sign(t, "renewed")
	pkitest.Write(t, keys.Certificate, other.Certificate, 0o644)
	if p.active.KeyStamp() == stamp {
		t.Error("the stamp does not change with a file")
	}
	if got := faults(0); !strings.Contains(got, "do not belong together") {
		t.Errorf("with the certificate of another key: %s", got)
	}
	pkitest.Write(t, keys.PrivateKey, other.PrivateKey, 0o600)
	eventually(t, "the renewed certificate to be presented", func() bool { return faults(0) == "" })
}

func TestPromotionEndsBeforeItsTermWhereTheFilesForTLSDoNotServe(t *testing.T) {
	t.Parallel()
	p := newTLSPair(t, files(t))
	must(t, p.active.Demote(testContext(t)))
	keys := p.active.Units[0].Endpoint.Keys
	pkitest.Write(t, keys.CACert, pkitest.New(t, "foreign").PEM(), 0o644)
	err := p.active.Promote(shortContext(t), replication.Participants{})
	if !errors.Is(err, pki.ErrRefused) || !strings.Contains(err.Error(), keys.CACert) {
		t.Errorf("got %v", err)
	}
	for _, u := range p.active.Units {
		if s := status(t, u); s.Role != ovsdbctl.RoleBackup {
			t.Errorf("%s is %s", u.Name(), s.Role)
		}
	}
}

// TestPromotionEndsWhereTheServerPresentsACertificateThatIsNotBelieved starts from files that serve and
// that the server has not read: it sees by the times of files that they are others.
func TestPromotionEndsWhereTheServerPresentsACertificateThatIsNotBelieved(t *testing.T) {
	t.Parallel()
	p := newTLSPair(t, files(t))
	must(t, p.active.Demote(testContext(t)))
	keys, foreign := p.active.Units[0].Endpoint.Keys, pkitest.New(t, "foreign")
	content := foreign.Sign(t, "node1")
	for path, text := range map[string][]byte{keys.PrivateKey: content.PrivateKey, keys.Certificate: content.Certificate, keys.CACert: foreign.PEM()} {
		info, err := os.Stat(path)
		must(t, err)
		next := path + ".new"
		must(t, os.WriteFile(next, text, info.Mode()))
		must(t, os.Chtimes(next, info.ModTime(), info.ModTime()))
		must(t, os.Rename(next, path))
	}
	err := p.active.Promote(shortContext(t), replication.Participants{})
	for _, part := range []string{"ssl:127.0.0.", nb, "the certificate of the server is refused", "touch " + keys.Certificate + " " + keys.PrivateKey} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in: %v", part, err)
		}
	}
}

func TestServersOfAnAccountUseTLSWithAKeyThatTheirGroupMayRead(t *testing.T) {
	t.Parallel()
	node := newAccountNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	keys := pkitest.New(t, "authority").Files(t, "node1")
	must(t, os.Chmod(filepath.Dir(filepath.Dir(keys.PrivateKey)), 0o755))
	for i := range node.Units {
		node.Units[i].Endpoint.Protocol, node.Units[i].Endpoint.Keys = "ssl", keys
	}
	err := node.Start(testContext(t))
	if !errors.Is(err, pki.ErrRefused) || !strings.Contains(err.Error(), keys.PrivateKey) || !strings.Contains(err.Error(), "64999") {
		t.Errorf("started with a key that the account cannot read: %v", err)
	}
	must(t, os.Chmod(keys.PrivateKey, 0o640))
	must(t, os.Chown(keys.PrivateKey, 0, 64998))
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	wantHealth(t, node, replication.HealthActive)
}
