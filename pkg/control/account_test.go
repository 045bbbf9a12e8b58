package control_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
	"ovndb-servers/pkg/replication"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == process.FilesCommand {
		if err := process.RunFilesCommand(context.Background(), os.Args[2:], os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// newAccountNode returns a node whose servers run as an account without rights of its own.
func newAccountNode(t *testing.T, c *controltest.Cluster, name, address string, ports [2]uint16) *control.Controller {
	t.Helper()
	processtest.NeedRoot(t)
	owner, err := process.LookupOwner("64999:64998")
	must(t, err)
	node := controltest.NewNode(t, c, name, address, ports)
	node.Owner = owner
	must(t, os.Chmod(filepath.Dir(node.Layout.RunDir), 0o755))
	return node
}

func TestServersOfAnAccountStartLeadFollowRestartAndStop(t *testing.T) {
	t.Parallel()
	needNorthd(t)
	c, ports := controltest.NewCluster(), controltest.FreePorts(t)
	node1, node2 := newAccountNode(t, c, "node1", "127.0.0.1", ports), newAccountNode(t, c, "node2", "127.0.0.2", ports)
	node1.ManageNorthd = true
	must(t, node1.Start(testContext(t)))
	must(t, node2.Start(testContext(t)))
	must(t, node1.Promote(testContext(t), replication.Participants{}))
	must(t, node2.Follow(testContext(t), "node1"))
	wantHealth(t, node1, replication.HealthActive)
	eventually(t, "the backup to replicate", func() bool {
		v := node2.Monitor(testContext(t), false)
		return v.Health == replication.HealthBackup
	})
	controltest.Kill(t, node2.Units[0])
	must(t, node2.Revive(testContext(t), nb, nil, always))
	for _, node := range []*control.Controller{node1, node2} {
		for _, pid := range controltest.PIDs(t, node) {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			must(t, err)
			if !strings.Contains(string(status), "Uid:\t64999\t64999\t64999\t64999") {
				t.Errorf("process %d of %s is not the account's", pid, node.Node)
			}
		}
		wantAccountsFiles(t, node)
		must(t, node.Stop(testContext(t)))
		wantHealth(t, node, replication.HealthStopped)
	}
}

// wantAccountsFiles fails the test unless the directories of the servers, and no others, are the
// account's.
func wantAccountsFiles(t *testing.T, node *control.Controller) {
	t.Helper()
	for directory, want := range map[string]uint32{
		node.Layout.RunDir: 64999, node.Layout.DatabaseDir: 64999, node.Layout.LogDir: 64999, node.StateDir: 0, node.RunDir: 0,
	} {
		must(t, filepath.Walk(directory, func(path string, info os.FileInfo, err error) error {
			if err == nil && strings.HasSuffix(path, ".snapshots") {
				err = filepath.SkipDir // of root's
			}
			if err != nil {
				return err
			}
			if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != want {
				t.Errorf("%s is of user %d, want %d", path, stat.Uid, want)
			}
			return nil
		}))
	}
}

// The account can lead the names of the control sockets to another daemon of root's.
func TestNoCommandGoesToAnotherDaemonThatAControlSocketLeadsTo(t *testing.T) {
	t.Parallel()
	needNorthd(t)
	node := newAccountNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	node.ManageNorthd = true
	must(t, node.Start(testContext(t)))
	must(t, node.Promote(testContext(t), replication.Participants{}))
	arrived := make(chan ovsdbctltest.Request, 100)
	other := ovsdbctltest.Fake(t, func(_ net.Conn, request ovsdbctltest.Request) { arrived <- request })
	northd, err := node.NorthdPidfile().Owner()
	must(t, err)
	for _, socket := range []string{
		node.Units[0].Files.ControlSocket, node.Units[0].Files.DataSocket, node.Layout.Northd().ControlSocket(northd),
	} {
		must(t, os.Remove(socket))
		must(t, os.Symlink(other, socket))
	}
	v := node.Monitor(testContext(t), true)
	if v.Health != replication.HealthFailedActive || !strings.Contains(v.Reason(), "another process listens in its place") {
		t.Errorf("health is %q (%s)", v.Health, v.Reason())
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if err := node.Demote(ctx); err == nil {
		t.Error("it was demoted, though no command reached the server")
	}
	must(t, node.Stop(testContext(t)))
	wantHealth(t, node, replication.HealthStopped)
	select {
	case request := <-arrived:
		t.Errorf("%+v was sent to another daemon", request)
	default:
	}
	must(t, node.Start(testContext(t)))
}

func TestStartRefusesAStateDirectoryThatOthersCanChange(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"lasting", "until a reboot"} {
		node := newAccountNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
		directory := node.RunDir
		if kind == "lasting" {
			directory = node.StateDir
		}
		must(t, os.Mkdir(directory, 0o700))
		must(t, os.Chown(directory, node.Owner.UID, node.Owner.GID))
		if err := node.Start(testContext(t)); !errors.Is(err, process.ErrDirectoryRefused) || !strings.Contains(err.Error(), directory) {
			t.Errorf("%s: got %v", kind, err)
		}
		if left, err := os.ReadDir(directory); err != nil || len(left) > 0 {
			t.Errorf("%s: it holds %v, %v", kind, left, err)
		}
	}
}
