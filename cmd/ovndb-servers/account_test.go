package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"ovndb-servers/pkg/process/processtest"
)

// A number that is no account of the system's.
const testAccount = "64999:64998"

func TestAgentRunsTheServersAsTheAccount(t *testing.T) {
	processtest.NeedRoot(t)
	c := newTestCluster(t)
	c.parameters = map[string]string{"OCF_RESKEY_ovn_user": testAccount, "OCF_RESKEY_manage_northd": "yes"}
	if err := os.Chmod(c.nodes["node1"], 0o755); err != nil {
		t.Fatal(err)
	}
	c.lead("node1")
	for _, name := range []string{"run/ovnnb_db.pid", "run/ovnsb_db.pid", "run/ovn-northd.pid", "db/ovnnb_db.db", "log/ovsdb-server-nb.log"} {
		info, err := os.Stat(filepath.Join(c.nodes["node1"], name))
		if err != nil {
			t.Fatal(err)
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != 64999 || stat.Gid != 64998 {
			t.Errorf("%s is of %d:%d", name, stat.Uid, stat.Gid)
		}
	}
	c.agent("node1", "stop", 0)
}

func TestDirectoryOfTheSystemIsRefusedByStartAndLeftAsItIs(t *testing.T) {
	before, err := os.Stat("/etc")
	if err != nil {
		t.Fatal(err)
	}
	c := newTestCluster(t)
	c.parameters = map[string]string{"OCF_RESKEY_ovn_user": testAccount, "OCF_RESKEY_ovn_logdir": "/etc"}
	wantText(t, c.agent("node1", "start", 6), "directory /etc", "belongs to the whole system")
	after, err := os.Stat("/etc")
	if err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(before.Sys()) != fmt.Sprint(after.Sys()) {
		t.Errorf("/etc was %+v and is %+v", before.Sys(), after.Sys())
	}
}

func TestProgramThatIsCalledToWorkOnFilesWithoutARequestSaysWhoCallsIt(t *testing.T) {
	t.Parallel()
	got := call(t, "/usr/sbin/ovndb-servers", "internal-files")
	if got.code != exitDegraded || !strings.Contains(got.stderr, "called by the program itself") {
		t.Errorf("got %+v", got)
	}
}

func TestServersThatRunAsRootAreNoFaultOfMonitor(t *testing.T) {
	processtest.NeedRoot(t)
	s := newSupervised(t)
	if s.parameters["OCF_RESKEY_ovn_user"] != "" {
		t.Fatal("the servers are of an account")
	}
	if said := s.agent("node1", "monitor", 8); strings.Contains(said, "root") {
		t.Errorf("monitor says %q", said)
	}
}
