package supervisor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/pki/pkitest"
)

// useTLS has a node offer its databases by TLS.
func useTLS(node *control.Controller, files pki.Files) {
	for i := range node.Units {
		node.Units[i].Endpoint.Protocol, node.Units[i].Endpoint.Keys = "ssl", files
	}
}

// TestSupervisedPairIsFreshByTLSAndReportsACertificateThatEndsSoonUntilItIsRenewed starts from an
// active whose certificate ends within 30 days, and a backup.
func TestSupervisedPairIsFreshByTLSAndReportsACertificateThatEndsSoonUntilItIsRenewed(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	files := authority.Files(t, "node1", pkitest.Valid(-time.Hour, 10*24*time.Hour))
	p := newUnsupervisedPair(t, func(active *control.Controller) { useTLS(active, files) })
	useTLS(p.backup, authority.Files(t, "node2"))
	must(t, p.backup.Start(testContext(t))) // with the files, and by TLS
	supervise(t, p.active, p.changed[0])
	supervise(t, p.backup, p.changed[1])
	eventually(t, "the backup to say that it is fresh", func() bool {
		return strings.HasSuffix(p.Said(control.TopicFreshness, "node2"), " fresh")
	})
	saved := func() string {
		text, _ := os.ReadFile(filepath.Join(p.active.RunDir, "supervisor.json")) // it may not be there yet
		return string(text)
	}
	eventually(t, "the reason to be saved for monitors", func() bool { return strings.Contains(saved(), "expires in 9 days") })
	authority.Renew(t, files, "node1")
	eventually(t, "the reason to go", func() bool { return !strings.Contains(saved(), "expires") })
}
