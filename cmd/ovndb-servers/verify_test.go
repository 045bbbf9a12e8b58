package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/pki/pkitest"
	"ovndb-servers/pkg/verify"
)

// newTwoCopies returns a server and a copy of its file, from before it got a row whose name would
// act on a terminal, and a key of the agent's.
func newTwoCopies(t *testing.T) (server *ovsdbctltest.Server, file string) {
	t.Helper()
	server = ovsdbctltest.Start(t, ovsdbctl.Northbound())
	transact := func(operations string) {
		out, err := exec.CommandContext(t.Context(), "ovsdb-client", "transact", server.Endpoint(), `["OVN_Northbound",`+operations+`]`).CombinedOutput()
		if err != nil || strings.Contains(string(out), `"error"`) {
			t.Fatalf("%v: %s", err, out)
		}
	}
	transact(`{"op":"insert","table":"NB_Global","row":{"nb_cfg":1}}`)
	data, err := os.ReadFile(server.File)
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(ovsdbctltest.Dir(t), "copy")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	transact(`{"op":"insert","table":"Address_Set","row":{"name":"red \u001b[31m \u202e"}},
		{"op":"update","table":"NB_Global","where":[],"row":{"external_ids":["map",[["ovndb-servers:beat","7"]]]}}`)
	return server, file
}

func TestVerifyNamesTheRowsAndColumnsThatDiffer(t *testing.T) {
	t.Parallel()
	server, file := newTwoCopies(t)
	got := call(t, "ovndb-servers", "verify", server.Endpoint(), file, "--settle", "1ms")
	if got.code != exitDegraded || got.stderr != "" {
		t.Errorf("got %+v", got)
	}
	wantText(t, got.stdout, "database OVN_Northbound", "the copies differ in 2 rows: 1 only in A, 0 only in B, 1 changed", "  Address_Set: 1\n", "  NB_Global: 1\n",
		"only in A  Address_Set", `name: "red \`, "changed  NB_Global", `external_ids (the agent's own marker): "ovndb-servers:beat"="7" in A, nothing in B`)
	if strings.ContainsAny(got.stdout, "\x1b\u202e") {
		t.Errorf("acts on a terminal: %q", got.stdout)
	}
	got = call(t, "ovndb-servers", "verify", file, server.Endpoint(), "--settle", "1ms", "--limit", "1", "-o", "json")
	r := decode[verify.Result](t, got.stdout)
	if got.code != exitDegraded || r.Same || r.Total != 2 || len(r.Differences) != 1 || r.Counts[verify.OnlyB] != 1 || r.Tables["NB_Global"] != 1 {
		t.Errorf("got %+v", got)
	}
	wantText(t, call(t, "ovndb-servers", "verify", file, server.Endpoint(), "--settle", "1ms", "-o", "yaml").stdout, "same: false\n", "total: 2\n")
	wantText(t, call(t, "ovndb-servers", "verify", file, server.Endpoint(), "--settle", "1ms", "--limit", "0").stdout, "and 2 more rows: list them with --limit 2")
}

func TestVerifyOfCopiesThatAreTheSame(t *testing.T) {
	t.Parallel()
	server, _ := newTwoCopies(t)
	for _, copies := range [][]string{{server.Endpoint(), server.File}, {server.File, server.File}, {server.Endpoint(), server.Endpoint()}} {
		got := call(t, "ovndb-servers", "verify", copies[0], copies[1])
		if got.code != exitHealthy || got.stderr != "" || !strings.HasSuffix(got.stdout, "\nthe copies are the same\n") {
			t.Errorf("%s: %+v", copies, got)
		}
	}
}

func TestVerifyComparesWithAServerThatIsReachedByTLS(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	files, port := authority.Files(t, "server"), strconv.Itoa(int(ovsdbctltest.Port(t)))
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("pssl:"+port+":127.0.0.1"),
		ovsdbctltest.Argument("--private-key="+files.PrivateKey), ovsdbctltest.Argument("--certificate="+files.Certificate),
		ovsdbctltest.Argument("--ca-cert="+files.CACert))
	client := authority.Files(t, "client")
	got := call(t, "ovndb-servers", "verify", server.File, "ssl:127.0.0.1:"+port,
		"-p", client.PrivateKey, "-c", client.Certificate, "-C", client.CACert)
	if got.code != exitHealthy {
		t.Errorf("%+v", got)
	}
}

func TestVerifySaysWhyItCannotCompare(t *testing.T) {
	t.Parallel()
	server, file := newTwoCopies(t)
	frozen := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	frozen.Stop(t)
	for _, row := range []struct {
		name string
		code int
		text string
		args []string
	}{
		{"one copy", exitUsage, "name two copies", []string{file}},
		{"TLS without files", exitUsage, "--ca-cert", []string{file, "ssl:192.0.2.1:6641", "-p", "/key", "-c", "/certificate"}},
		{"an address to listen on", exitUsage, "leave out the p", []string{file, "punix:/x"}},
		{"files for TLS that are not used", exitUsage, "are for servers that are named, and not for --all", []string{"--all", "-p", "/key"}},
		{"an unknown format", exitUsage, "table, json, yaml", []string{file, file, "-o", "xml"}},
		{"a negative limit", exitUsage, "cannot be negative", []string{file, file, "--limit", "-1"}},
		{"a database that neither has", exitUsage, `["OVN_Northbound"]`, []string{file, server.Endpoint(), "--database", "OVN_Southbound"}},
		{"no server", exitUnknown, "not listening", []string{file, server.Endpoint() + "x"}},
		{"no file", exitNoSuch, "no such file", []string{file + "x", file}},
		{"no database", exitUnknown, "not an OVSDB database file", []string{server.LogFile, file}},
		{"a server that does not answer", exitUnknown, "no answer", []string{file, frozen.Endpoint(), "--timeout", "200ms"}},
	} {
		got := call(t, append([]string{"ovndb-servers", "verify"}, row.args...)...)
		if got.code != row.code || got.stdout != "" || !strings.Contains(got.stderr, row.text) {
			t.Errorf("%s: %+v", row.name, got)
		}
	}
}

// statesOf returns the rows of verify --all, "NODE DATABASE STATE" each.
func statesOf(t *testing.T, text string) string {
	t.Helper()
	var rows []string
	for _, c := range decode[verifiedAll](t, text).Copies {
		rows = append(rows, c.Node+" "+c.Database+" "+c.State)
	}
	return strings.Join(rows, ", ")
}

// From a pair of nodes whose backup is fresh: each node compares what can be read there, and names the other.
// After the backup has lost a row, as by hand, it names the row. A backup that is stopped is compared by its
// file.
func TestVerifyAllComparesTheDatabasesOfThisNodeWithTheActive(t *testing.T) {
	c := newFreshPair(t)
	got := c.tool("node2", exitHealthy, "verify", "--all", "-o", "json")
	const same = "node1 OVN_Northbound active, node1 OVN_Southbound active, node2 OVN_Northbound same, node2 OVN_Southbound same"
	if rows := statesOf(t, got.stdout); rows != same {
		t.Errorf("on the backup: %s", rows)
	}
	got = c.tool("node1", exitHealthy, "verify", "--all", "-o", "yaml")
	wantText(t, got.stdout, "active: \"node1\"", "state: \"not listening\"", "on node2: ovndb-servers verify --all", "ovnnb_db.db")
	wantText(t, c.tool("node1", exitHealthy, "verify", "--all").stdout, "resource ovndb, led by node node1",
		"node node2 is not compared: a backup listens for no other node; on node2: ovndb-servers verify --all\n")

	c.agent("node2", "stop", 0)
	c.insert("node1", "later")
	got = c.tool("node2", exitDegraded, "verify", "--all", "--settle", "1ms")
	wantText(t, got.stdout, "node2  OVN_Northbound  differs", "node node2, OVN_Northbound: A is this copy, B that of the active",
		"only in B  Logical_Switch", `name: "later"`)
}

func TestVerifyAllNamesAnActiveThatDoesNotAnswerAndRefusesWithoutOne(t *testing.T) {
	c := newFreshPair(t)
	published := strings.Replace(c.value("ovndb-active-ovndb", "node1"), ":"+c.ports[0], ":1", 1)
	write(t, filepath.Join(c.values, "ovndb-active-ovndb", "node1"), published, 0o644)
	got := c.tool("node2", exitUnknown, "verify", "--all", "-o", "json")
	if rows := statesOf(t, got.stdout); !strings.Contains(rows, "node2 OVN_Northbound unreachable, node2 OVN_Southbound same") {
		t.Errorf("%s", got.stdout)
	}
	wantText(t, got.stdout, "tcp:127.0.0.1:1")
	c.role("node1", "Unpromoted")
	wantText(t, c.tool("node2", exitCritical, "verify", "--all").stderr, "0 nodes are promoted")
	for _, args := range [][]string{{"--all", "a"}, {"--all", "--database", "x"}, {"a", "b", "--resource", "x"}} {
		if got := call(t, append([]string{"ovndb-servers", "verify"}, args...)...); got.code != exitUsage {
			t.Errorf("%v: %+v", args, got)
		}
	}
}

func TestVerifyAllHasTheExitCodesOfVerify(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		states []string
		code   int
	}{
		{[]string{stateSame, stateActive, stateNotListening, stateStopped}, exitHealthy},
		{[]string{stateSame, stateDiffers, stateUnreachable}, exitDegraded},
		{[]string{stateSame, stateUnreachable}, exitUnknown},
		{[]string{stateActive, stateNotListening}, exitUnknown},
	} {
		v := verifiedAll{Same: !slices.Contains(row.states, stateDiffers)}
		for _, state := range row.states {
			v.Copies = append(v.Copies, verifiedCopy{State: state})
		}
		if got := v.exitCode(); got != row.code {
			t.Errorf("%v: code %d, want %d", row.states, got, row.code)
		}
	}
}

func TestProgressIsDrawnInOneLineAndRemoved(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	bar := progressBar{out: &out}
	bar.show(500, 1000)
	bar.next = time.Time{}
	bar.show(1000, 1000)
	bar.show(1001, 1000) // too soon
	bar.clear()
	half, full := strings.Repeat("#", 20)+strings.Repeat(".", 20), strings.Repeat("#", 40)
	want := "\r[" + half + "] 500 of 1000 rows\r" + "\r[" + full + "] 1000 of 1000 rows\r" + "\r" + strings.Repeat(" ", len("["+full+"] 1000 of 1000 rows")) + "\r"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	quiet := newProgressBar(&out)
	quiet.show(1, 2)
	quiet.clear()
	if out.String() != want {
		t.Error("something is drawn on what is no terminal")
	}
}
