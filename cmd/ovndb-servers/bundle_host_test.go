package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// containerActions stands for a bundle's container: the agent, its servers and its supervisor are in a PID
// namespace of their own, and the directories of the node are the host's.
const containerActions = `
"$1" ocf start >"$2" 2>&1 && "$1" ocf promote >>"$2" 2>&1 || { echo failed >>"$2"; exit; }
mv "$2" "$2.ready"
exec sleep 300`

// inContainer starts and promotes node1 in a PID namespace of its own, which ends with the test.
func (s supervised) inContainer() {
	s.t.Helper()
	if out, err := exec.CommandContext(s.t.Context(), "unshare", "--pid", "--fork", "--mount-proc", "true").CombinedOutput(); err != nil {
		s.t.Skipf("no PID namespaces here: %v: %s", err, out)
	}
	path, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range s.environment("node1") {
		s.t.Setenv(name, value)
	}
	s.at("node1")
	log := filepath.Join(s.t.TempDir(), "log")
	container := exec.CommandContext(s.t.Context(), "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", containerActions, "sh", path, log)
	if err := container.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = container.Wait() }) // killed by the end of the context
	s.becomes("the agent in the container to promote", func() bool {
		_, err := os.Stat(log + ".ready")
		return err == nil
	})
	s.role("node1", "Promoted")
}

// From a bundle, whose servers have other process numbers in their pidfiles than on the host: the tool
// finds them by the locks of their files, and the node by the agent's state, which is mapped from the host.
func TestStatusOnTheHostOfAContainerFindsItsServers(t *testing.T) {
	c := supervised{newTestCluster(t)}
	c.parameters = map[string]string{"OCF_RESKEY_crm_feature_set": "3.19.0"} // without which there is no supervisor
	c.inContainer()
	r := decode[report](t, c.tool("node1", exitHealthy, "status", "-o", "json").stdout)
	if r.Supervisor == nil || !r.Supervisor.quiet() {
		t.Errorf("supervisor: %+v", r.Supervisor)
	}
	for i, name := range []string{"ovnnb_db.pid", "ovnsb_db.pid"} {
		number, err := os.ReadFile(filepath.Join(c.nodes["node1"], "run", name))
		if server := r.Servers[i]; err != nil || server.Role != "active" || server.PID == 0 || strconv.Itoa(server.PID) == strings.TrimSpace(string(number)) {
			t.Errorf("%v: %+v, and its pidfile says %q", err, server, number)
		}
	}
}
