package ovsdbctl_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/pki/pkitest"
)

// startTLS starts an active server that clients reach by TLS, and returns its endpoint.
func startTLS(t *testing.T, files pki.Files, opts ...ovsdbctltest.Option) (server *ovsdbctltest.Server, endpoint string) {
	t.Helper()
	number := port(t)
	opts = append(opts, ovsdbctltest.Remote("pssl:"+number+":127.0.0.1"))
	return ovsdbctltest.Start(t, ovsdbctl.Northbound(), append(opts, keyOptions(files)...)...), "ssl:127.0.0.1:" + number
}

func keyOptions(files pki.Files) []ovsdbctltest.Option {
	return []ovsdbctltest.Option{
		ovsdbctltest.Argument("--private-key=" + files.PrivateKey), ovsdbctltest.Argument("--certificate=" + files.Certificate),
		ovsdbctltest.Argument("--ca-cert=" + files.CACert),
	}
}

func openTLS(t *testing.T, endpoint string, files pki.Files) error {
	t.Helper()
	store, err := ovsdbctl.OpenTLS(within(t, testTimeout), endpoint, ovsdbctl.Northbound(), files)
	if err == nil {
		defer store.Close()
		_, err = store.Writable(within(t, testTimeout))
	}
	return err
}

func TestServerIsReachedByTLSWithACertificateOfItsAuthorityWhateverItsName(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	_, endpoint := startTLS(t, authority.Files(t, "a name that no host has"))
	if err := openTLS(t, endpoint, authority.Files(t, "another node")); err != nil {
		t.Error(err)
	}
}

func TestTLSIsRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	authority, foreign := pkitest.New(t, "authority"), pkitest.New(t, "foreign")
	_, endpoint := startTLS(t, authority.Files(t, "server"))
	_, expiredEndpoint := startTLS(t, authority.Files(t, "expired", pkitest.Valid(-2*time.Hour, -time.Hour)))
	number := port(t)
	ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("ptcp:"+number+":127.0.0.1"))

	own := authority.Files(t, "client")
	// A certificate that the server accepts, beside a CA file by which it is not accepted itself.
	believesOthers := authority.Files(t, "client")
	pkitest.Write(t, believesOthers.CACert, foreign.PEM(), 0o644)
	// The reverse: it believes the server, which does not believe it.
	notBelieved := foreign.Files(t, "client")
	pkitest.Write(t, notBelieved.CACert, authority.PEM(), 0o644)
	for _, tt := range []struct {
		name, endpoint string
		files          pki.Files
		want           error
		says           string
	}{
		{"wrong CA here", endpoint, believesOthers, pki.ErrPeer, "unknown authority"},
		{"wrong CA there", endpoint, notBelieved, ovsdbctl.ErrTLS, "refuse"},
		{"expired here", endpoint, authority.Files(t, "client", pkitest.Valid(-2*time.Hour, -time.Hour)), ovsdbctl.ErrTLS, "refuse"},
		{"expired there", expiredEndpoint, own, pki.ErrPeer, "expired"},
		{"no TLS there", "ssl:127.0.0.1:" + number, own, ovsdbctl.ErrTLS, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := openTLS(t, tt.endpoint, tt.files)
			if !errors.Is(err, tt.want) || !errors.Is(err, ovsdbctl.ErrTLS) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
			for _, part := range []string{tt.says, tt.endpoint, "OVN_Northbound"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
		})
	}
}

func TestBlankBackupReplicatesByTLSWithFilesOfItsCommandLine(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	_, endpoint := startTLS(t, authority.Files(t, "active"))
	options := append(keyOptions(authority.Files(t, "backup")), ovsdbctltest.SyncFrom(endpoint))
	backup := ovsdbctltest.Start(t, ovsdbctl.Northbound(), options...)
	backup.AwaitStatus(t, "the backup replicates", func(s ovsdbctl.SyncStatus) bool {
		return s.Follows(endpoint) && s.Link == ovsdbctl.LinkReplicating
	})
}

func TestServerPresentsARenewedCertificateWithoutARestartOnceTheKeyFileHasChanged(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	files, client := authority.Files(t, "first"), authority.Files(t, "client")
	_, endpoint := startTLS(t, files)
	presented := func(ctx context.Context) bool {
		identity, err := files.Load()
		if err != nil {
			t.Fatal(err)
		}
		certificate, err := ovsdbctl.PeerCertificate(ctx, endpoint, client)
		return err == nil && identity.Presents(certificate)
	}
	ovsdbctltest.Await(t, "the first certificate is presented", presented)
	// The key stays as it is, so the server does not see that the certificate is another one.
	content := authority.Sign(t, "of another key")
	pkitest.Write(t, files.Certificate, content.Certificate, 0o644)
	if err := openTLS(t, endpoint, client); err != nil {
		t.Fatalf("between the two files: %v", err)
	}
	pkitest.Write(t, files.PrivateKey, content.PrivateKey, 0o600)
	ovsdbctltest.Await(t, "the renewed certificate is presented", presented)
}

// Files that are written in place, not moved, can be read half: then the server has seen both, and waits for both to
// change again.
func TestServerThatHasReadAHalfWrittenKeyServesOnceBothFilesHaveChangedAgain(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	files, client := authority.Files(t, "first"), authority.Files(t, "client")
	_, endpoint := startTLS(t, files)
	serves := func(context.Context) bool { return openTLS(t, endpoint, client) == nil }
	ovsdbctltest.Await(t, "a client has a session", serves)
	content := authority.Sign(t, "renewed")
	pkitest.Write(t, files.Certificate, content.Certificate, 0o644)
	pkitest.Write(t, files.PrivateKey, content.PrivateKey[:len(content.PrivateKey)/2], 0o600)
	ovsdbctltest.Await(t, "no client has a session", func(ctx context.Context) bool { return !serves(ctx) })
	pkitest.Write(t, files.PrivateKey, content.PrivateKey, 0o600)
	if serves(t.Context()) {
		t.Error("the key alone was read")
	}
	for _, path := range []string{files.Certificate, files.PrivateKey} { // in this order
		if err := os.Chtimes(path, time.Time{}, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	ovsdbctltest.Await(t, "a client has a session again", serves)
}

func TestCAFileThatIsReplacedIsReadWithoutARestart(t *testing.T) {
	t.Parallel()
	old, next := pkitest.New(t, "old"), pkitest.New(t, "next")
	files := old.Files(t, "server")
	_, endpoint := startTLS(t, files)
	client := next.Files(t, "client")
	pkitest.Write(t, client.CACert, old.PEM(), 0o644)
	if err := openTLS(t, endpoint, client); !errors.Is(err, ovsdbctl.ErrTLS) {
		t.Fatalf("got %v before", err)
	}
	pkitest.Write(t, files.CACert, append(old.PEM(), next.PEM()...), 0o644)
	ovsdbctltest.Await(t, "the client of the other authority is accepted", func(context.Context) bool {
		return openTLS(t, endpoint, client) == nil
	})
}

func TestCertificatesOfOVSPKIServe(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("ovs-pki")
	if err != nil {
		t.Skip("ovs-pki of openvswitch-common is not installed")
	}
	directory := t.TempDir()
	run := func(args ...string) {
		t.Helper()
		options := []string{"--dir=" + filepath.Join(directory, "pki"), "--log=" + filepath.Join(directory, "log"), "--batch", "--force"}
		command := exec.CommandContext(within(t, testTimeout), program, append(options, args...)...)
		command.Dir = directory
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("ovs-pki %v: %v\n%s", args, err, output)
		}
	}
	run("init")
	run("req+sign", "node", "switch")
	files := pki.Files{
		PrivateKey: filepath.Join(directory, "node-privkey.pem"), Certificate: filepath.Join(directory, "node-cert.pem"),
		CACert: filepath.Join(directory, "pki", "switchca", "cacert.pem"),
	}
	identity, err := files.Load()
	if err == nil {
		err = identity.Check(time.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(directory, 0o755); err != nil {
		t.Fatal(err)
	}
	_, endpoint := startTLS(t, files)
	if err := openTLS(t, endpoint, files); err != nil {
		t.Error(err)
	}
}
