package main

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/pki/pkitest"
)

// initialise writes the global row of a server, as ovn-nbctl init does.
func initialise(t *testing.T, server *ovsdbctltest.Server) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ovsdb-client", "transact", server.Endpoint(),
		`["OVN_Northbound",{"op":"insert","table":"NB_Global","row":{"nb_cfg":1}}]`).CombinedOutput()
	if err != nil || strings.Contains(string(out), `"error"`) {
		t.Fatalf("%v: %s", err, out)
	}
}

// rolesOf returns the rows of a status of named servers, "ROLE STATE" each.
func rolesOf(t *testing.T, text string) string {
	t.Helper()
	var rows []string
	for _, c := range decode[remoteReport](t, text).Copies {
		rows = append(rows, c.Role+" "+c.State)
	}
	return strings.Join(rows, ", ")
}

// Nothing of this project's runs, and no Pacemaker: a pair as the shell agent or a person makes it.
func TestStatusOfAPairMadeByHandShowsOneActiveAndTwoActivesAsCritical(t *testing.T) {
	t.Parallel()
	port := strconv.Itoa(int(ovsdbctltest.Port(t)))
	active := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("ptcp:"+port+":127.0.0.1"))
	initialise(t, active)
	backup := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.SyncFrom(active.Endpoint()))
	backup.AwaitStatus(t, "the backup replicates", func(s ovsdbctl.SyncStatus) bool { return s.Link == ovsdbctl.LinkReplicating })
	pair := active.Endpoint() + "," + backup.Endpoint()
	before := fileOf(t, active.File) + fileOf(t, backup.File)
	got := call(t, "ovndb-servers", "status", "--nb", "tcp:127.0.0.1:"+port+","+pair, "-o", "json")
	if want := "active fresh, active fresh, backup unknown"; got.code != exitHealthy || rolesOf(t, got.stdout) != want {
		t.Errorf("want %q: %+v", want, got)
	}
	note := "unknown: the OVN_Northbound server at " + backup.Endpoint() + " is not compared, as the active has no marker of this agent; compare their rows with: " +
		"ovndb-servers verify " + active.Endpoint() + " " + backup.Endpoint() + "\n"
	if text := call(t, "ovndb-servers", "status", "--nb", pair).stdout; strings.Count(text, "unknown: ") != 1 || !strings.HasSuffix(text, "\n\n"+note) {
		t.Errorf("%s\nwant %s", text, note)
	}
	if after := fileOf(t, active.File) + fileOf(t, backup.File); after != before {
		t.Error("the question has changed a file")
	}
	lone := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	initialise(t, lone)
	got = call(t, "ovndb-servers", "status", "--nb", pair, "--nb", lone.Endpoint(), "-o", "json")
	if want := "active unknown, backup unknown, active unknown"; got.code != exitCritical || rolesOf(t, got.stdout) != want {
		t.Errorf("want %q: %+v", want, got)
	}
	// A backup whose source does not exist, with rows of its own.
	copied := filepath.Join(ovsdbctltest.Dir(t), "copy")
	write(t, copied, fileOf(t, lone.File), 0o600)
	foreign := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.File(copied), ovsdbctltest.SyncFrom(active.Endpoint()+"x"))
	got = call(t, "ovndb-servers", "status", "--nb", active.Endpoint()+","+foreign.Endpoint(), "-o", "json")
	if want := "active fresh, backup other data"; got.code != exitDegraded || rolesOf(t, got.stdout) != want {
		t.Errorf("want %q: %+v", want, got)
	}
	got = call(t, "ovndb-servers", "status", "--nb", backup.Endpoint()+","+foreign.Endpoint(), "-o", "json")
	if want := "backup unknown, backup unknown"; got.code != exitCritical || rolesOf(t, got.stdout) != want {
		t.Errorf("want %q: %+v", want, got)
	}
}

// fileOf returns the content of a database file.
func fileOf(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestStatusOfNamedServersShowsThoseThatDoNotAnswer(t *testing.T) {
	t.Parallel()
	active, frozen := ovsdbctltest.Start(t, ovsdbctl.Northbound()), ovsdbctltest.Start(t, ovsdbctl.Northbound())
	initialise(t, active)
	frozen.Stop(t)
	got := call(t, "ovndb-servers", "status", "--nb", active.Endpoint()+","+frozen.Endpoint()+","+active.Endpoint()+"x", "-o", "json", "--timeout", "1")
	if want := "active fresh, unknown unreachable, unknown not listening"; got.code != exitDegraded || rolesOf(t, got.stdout) != want {
		t.Errorf("want %q: %+v", want, got)
	}
	gone := active.Endpoint() + "x"
	wantText(t, call(t, "ovndb-servers", "status", "--nb", gone+",tcp:127.0.0.1:1").stdout,
		"problem: the OVN_Northbound server at "+gone+" does not listen: no such file or directory; on its node: ss -lxp\n",
		"problem: the OVN_Northbound server at tcp:127.0.0.1:1 does not listen: connection refused; on its node: ss -ltnp\n",
		"takes writes; on a node of their cluster: crm_mon -1rfA\n")
	got = call(t, "ovndb-servers", "status", "--nb", frozen.Endpoint(), "--timeout", "300ms")
	if got.code != exitUnknown {
		t.Errorf("%+v", got)
	}
	wantText(t, got.stdout, "problem: the OVN_Northbound server at "+frozen.Endpoint(), "not known which one is active")
	got = call(t, "ovndb-servers", "status", "--sb", active.Endpoint())
	wantText(t, got.stdout, "OVN_Southbound  unknown  unreachable", "has no such database")
}

func TestStatusOfNamedServersByTLS(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	files, port := authority.Files(t, "server"), strconv.Itoa(int(ovsdbctltest.Port(t)))
	ovsdbctltest.Start(t, ovsdbctl.Southbound(), ovsdbctltest.Remote("pssl:"+port+":127.0.0.1"),
		ovsdbctltest.Argument("--private-key="+files.PrivateKey), ovsdbctltest.Argument("--certificate="+files.Certificate),
		ovsdbctltest.Argument("--ca-cert="+files.CACert))
	client := authority.Files(t, "client")
	got := call(t, "ovndb-servers", "status", "--sb", "ssl:127.0.0.1:"+port, "-o", "json",
		"-p", client.PrivateKey, "-c", client.Certificate, "-C", client.CACert)
	if got.code != exitHealthy || rolesOf(t, got.stdout) != "active fresh" {
		t.Errorf("%+v", got)
	}
}

func TestStatusRefusesAddressesThatItCannotAsk(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text string
		code int
		args []string
	}{
		{"leave out the p", exitUsage, []string{"--nb", "ptcp:6641"}},
		{"is not the address of a server", exitUsage, []string{"--nb", "/var/lib/ovn/ovnnb_db.db"}},
		{"want tcp:HOST:PORT", exitUsage, []string{"--nb", "tcp:192.0.2.1"}},
		{"needs --private-key", exitUsage, []string{"--sb", "ssl:192.0.2.1:6642"}},
		{"no such file", exitNoSuch, []string{"--sb", "ssl:192.0.2.1:6642", "-p", "/nonexistent", "-c", "/nonexistent", "-C", "/nonexistent"}},
		{"--resource is for this node", exitUsage, []string{"--sb", "unix:/x", "--resource", "ovndb"}},
		{"the metrics of this node", exitUsage, []string{"--sb", "unix:/x", "-o", "prometheus"}},
		{"are for servers that are named", exitUsage, []string{"-p", "/x"}},
	} {
		got := call(t, append([]string{"ovndb-servers", "status"}, row.args...)...)
		if got.code != row.code || got.stdout != "" || !strings.Contains(got.stderr, row.text) {
			t.Errorf("%v: %+v, want code %d, %q", row.args, got, row.code, row.text)
		}
	}
}

// A pair of this agent: the backup is compared by its marker, and waited for while it catches up.
func TestStatusOfNamedServersOfThisAgentComparesTheirTerms(t *testing.T) {
	c := newTestCluster(t)
	c.lead("node1")
	c.insert("node1", "a")
	c.agent("node2", "start", 0)
	c.role("node2", "Unpromoted")
	c.await("node2", "a")
	sockets := "unix:" + c.nodes["node1"] + "/run/ovnnb_db.sock,unix:" + c.nodes["node2"] + "/run/ovnnb_db.sock"
	c.agent("node1", "monitor", 8) // writes a beat
	got := call(t, "ovndb-servers", "status", "--nb", sockets+",tcp:127.0.0.2:"+c.ports[0], "-o", "json")
	if want := "active fresh, backup fresh, unknown not listening"; got.code != exitHealthy || rolesOf(t, got.stdout) != want {
		t.Errorf("want %q: %+v", want, got)
	}
	r := decode[remoteReport](t, got.stdout)
	if r.Schema != 1 || r.Copies[0].Term != 1 || r.Copies[0].Beat == 0 || r.Copies[1].TermID != r.Copies[0].TermID || len(r.Copies[0].Lineage) != 36 {
		t.Errorf("%+v", r)
	}
	wantText(t, call(t, "ovndb-servers", "status", "-v", "--nb", sockets).stdout, "TERM ID", "LINEAGE")
}

// endFirst answers for a server on a socket of its own, and ends the first session.
func endFirst(t *testing.T, server *ovsdbctltest.Server) (endpoint string) {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "sock")
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for i := 0; ; i++ {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			if i == 0 {
				_, _ = client.Read(make([]byte, 1))
				_ = client.Close()
				continue
			}
			behind, err := new(net.Dialer).DialContext(t.Context(), "unix", strings.TrimPrefix(server.Endpoint(), "unix:"))
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(behind, client); _ = behind.Close() }()
			go func() { _, _ = io.Copy(client, behind); _ = client.Close() }()
		}
	}()
	return "unix:" + socket
}

// From a server that ends the session in which it is asked, as one does that begins to replicate.
func TestServerThatEndsItsSessionsOnceIsAskedAgain(t *testing.T) {
	t.Parallel()
	s := remoteServer{address: endFirst(t, ovsdbctltest.Start(t, ovsdbctl.Northbound())), database: ovsdbctl.Northbound()}
	if s.ask(t.Context(), pki.Files{}); s.err != nil || !s.active {
		t.Errorf("%+v", s)
	}
}

// A beat takes a while to reach a backup: one that was asked too soon is asked again.
func TestBackupThatCatchesUpIsNotBehind(t *testing.T) {
	t.Parallel()
	active := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store, err := active.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.EnsureGlobal(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.SetGlobal(t.Context(), marked(1, 2).ExternalIDs()); err != nil {
		t.Fatal(err)
	}
	backup := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.SyncFrom(active.Endpoint()))
	backup.AwaitStatus(t, "the backup replicates", func(s ovsdbctl.SyncStatus) bool { return s.Link == ovsdbctl.LinkReplicating })
	servers := []remoteServer{
		{address: active.Endpoint(), database: ovsdbctl.Northbound()}, {address: backup.Endpoint(), database: ovsdbctl.Northbound()},
	}
	askAll(t.Context(), []*remoteServer{&servers[0], &servers[1]}, pki.Files{})
	servers[1].marker = marked(1, 1) // as it was
	if c := judgeRemote(servers).Copies[1]; c.State != stateBehind {
		t.Fatalf("%+v", c)
	}
	awaitCatchUp(t.Context(), servers, pki.Files{})
	if c := judgeRemote(servers).Copies[1]; c.State != stateFresh || c.Beat != 2 {
		t.Errorf("%+v", c)
	}
}
