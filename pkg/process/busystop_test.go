package process_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/process"
)

// deafServer starts a server that does not act on SIGTERM, as one that is busy for long.
func deafServer(t *testing.T) process.ServerFiles {
	t.Helper()
	_, files := newServer(t)
	server := exec.CommandContext(context.Background(), "env", "--ignore-signal=TERM", process.ServerProgram, "--no-chdir",
		"--pidfile="+files.Pidfile, "--unixctl="+files.ControlSocket, "--remote=punix:"+files.DataSocket, files.Database)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Wait() })
	endServer(t, files)
	eventually(t, "the server answers", func() bool {
		return unixctl(testContext(t), files.ControlSocket, "version") == nil
	})
	return files
}

func TestServerThatDoesNotActOnSIGTERMIsKilledWithinSecondsAndItsFileHasWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	files := deafServer(t)
	insert := `["OVN_Northbound",{"op":"insert","table":"Logical_Switch","row":{"name":"acknowledged"}}]`
	out, err := exec.CommandContext(testContext(t), "ovsdb-client", "transact", "unix:"+files.DataSocket, insert).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := time.Now()
	report, err := process.StopServer(ctx, files)
	if took := time.Since(began); err != nil || report.How != process.StopKILL || took > 20*time.Second {
		t.Errorf("after %s: %+v, %v", took, report, err)
	}
	gone(t, report.PIDs...)
	query := `["OVN_Northbound",{"op":"select","table":"Logical_Switch","where":[],"columns":["name"]}]`
	out, err = exec.CommandContext(testContext(t), "ovsdb-tool", "query", files.Database, query).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "acknowledged") {
		t.Errorf("the file has %s, %v", out, err)
	}
}
