package ovsdb_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/integration/ovsdb"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// member is a real server of a RAFT cluster on this machine.
type member struct{ client, peer, directory string }

// startCluster starts a RAFT cluster of a northbound database with so many members.
func startCluster(ctx context.Context, t *testing.T, count int) []member {
	t.Helper()
	root, err := os.MkdirTemp("", "raft") // The path of a socket has to be short.
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	var members []member
	for number := range count {
		one := member{freeAddress(t), freeAddress(t), filepath.Join(root, fmt.Sprint(number))}
		if err := os.Mkdir(one.directory, 0o755); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(one.directory, "nb.db")
		args := []string{"create-cluster", file, "/usr/share/ovn/ovn-nb.ovsschema", "tcp:" + one.peer}
		if number > 0 {
			args = []string{"join-cluster", file, "OVN_Northbound", "tcp:" + one.peer, "tcp:" + members[0].peer}
		}
		runProgram(ctx, t, "ovsdb-tool", args...)
		runProgram(ctx, t, "ovsdb-server", "--detach", "--no-chdir", "--pidfile="+filepath.Join(one.directory, "pid"), "--unixctl="+one.control(),
			"-vconsole:off", "--log-file="+filepath.Join(one.directory, "log"), "--remote=ptcp:"+strings.ReplaceAll(one.client, "127.0.0.1:", "")+":127.0.0.1", file)
		t.Cleanup(one.end)
		members = append(members, one)
	}
	return members
}

// control is the member's socket for commands.
func (m member) control() string { return filepath.Join(m.directory, "ctl") }

// end ends the server, if it still runs; it hands the lead over before.
func (m member) end() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = exec.CommandContext(ctx, "ovs-appctl", "-t", m.control(), "exit").Run() // It may have ended.
}

// freeAddress returns an address that no other program is given until the test ends.
func freeAddress(t *testing.T) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", ovsdbctltest.Port(t))
}

// runProgram runs a program that has to succeed, and returns its output.
func runProgram(ctx context.Context, t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v: %s", name, err, out)
	}
	return string(out)
}

// From a cluster of three real servers under a writer and clients that monitor: the one that leads ends
// as planned. The writer finds the next leader, which has all acknowledged rows, and all clients are
// served again.
func TestClientsOfRealServersFindTheNextLeader(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	members := startCluster(ctx, t, 3)
	addresses := []string{members[0].client, members[1].client, members[2].client}
	db := ovsdb.Northbound()
	writer := ovsdb.StartWriterTo(ctx, ovsdb.DefaultPace(), addresses, db, "row")
	t.Cleanup(writer.Stop)
	if _, err := writer.AwaitAck(ctx, time.Time{}); err != nil {
		t.Fatal(err)
	}
	pace := ovsdb.WatchPace{Retry: 10 * time.Millisecond, Dial: time.Second, Probe: time.Second}
	watchers, err := ovsdb.StartWatchers(ctx, pace, addresses, db, nil, "row", 6)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watchers.Stop)
	awaitThat(ctx, t, "all clients to be served", func() bool { _, missing, _ := watchers.Served(1); return missing == 0 })

	ended := time.Now()
	members[0].end() // The one that has made the cluster leads it.
	gap, err := writer.AwaitRecovery(ctx, ended)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("no writes for %s", gap.Duration())
	number, err := ovsdb.RowNumber(gap.After.Name)
	if err != nil {
		t.Fatal(err)
	}
	awaitThat(ctx, t, "all clients to be served again", func() bool { _, missing, _ := watchers.Served(number); return missing == 0 })
	writer.Stop()
	awaitThat(ctx, t, "a follower to have all acknowledged rows", func() bool {
		return len(writer.Missing(names(ctx, t, members[1].client, db))) == 0 && len(writer.Missing(names(ctx, t, members[2].client, db))) == 0
	})
}

// names lists the rows at an address.
func names(ctx context.Context, t *testing.T, address string, db ovsdb.Database) []string {
	t.Helper()
	client, err := ovsdb.Dial(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	found, err := client.Names(ctx, db)
	if err != nil {
		t.Fatal(err)
	}
	return found
}
