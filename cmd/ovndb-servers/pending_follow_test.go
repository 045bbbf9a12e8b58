package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// newSupervisedBackup returns a cluster whose node2 leads, and whose node1 follows it
// under a supervisor in a process of its own, which is stopped by a signal.
func newSupervisedBackup(t *testing.T) supervised {
	t.Helper()
	s := supervised{newTestCluster(t)}
	s.lead("node2")
	s.enable()
	s.agent("node1", "start", 0)
	s.becomes("node1 to follow", func() bool { return s.follows(s.source()) })
	s.signal(s.supervisor(), syscall.SIGSTOP)
	return s
}

// source is where node2's northbound server is replicated from.
func (s supervised) source() string { return "tcp:" + s.addresses["node2"] + ":" + s.ports[0] }

// control sends a unixctl command to node1's northbound server.
func (s supervised) control(command ...string) string {
	s.t.Helper()
	target := filepath.Join(s.nodes["node1"], "run", "ovnnb_db.ctl")
	out, err := exec.CommandContext(s.t.Context(), "ovs-appctl", append([]string{"--timeout=10", "-t", target}, command...)...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %v: %s", command, err, out)
	}
	return string(out)
}

func (s supervised) follows(source string) bool {
	return strings.Contains(s.control("ovsdb-server/get-active-ovsdb-server"), source) &&
		strings.Contains(s.control("ovsdb-server/sync-status"), "state: backup")
}

// errand reports whether the supervisor of node1 has something to do yet.
func (s supervised) errand() bool {
	_, err := os.Stat(string(s.file("ovndb-servers-ovndb.follow")))
	return err == nil
}

// tellOfPromotion brings node1 the notification that node2 was promoted.
func (s supervised) tellOfPromotion() {
	s.t.Helper()
	announced := map[string]string{
		"OCF_RESKEY_CRM_meta_notify_type": "post", "OCF_RESKEY_CRM_meta_notify_operation": "promote",
		"OCF_RESKEY_CRM_meta_notify_promote_uname": "node2", "OCF_RESKEY_CRM_meta_notify_active_uname": "node1 node2",
	}
	maps.Copy(s.parameters, announced)
	s.agent("node1", "notify", 0)
	for name := range announced {
		delete(s.parameters, name)
	}
}

func TestNotificationOfAPromotionIsCarriedOutByTheSupervisorAndWaitsForNothing(t *testing.T) {
	s := newSupervisedBackup(t)
	const nowhere = "tcp:127.127.127.127:6641"
	s.control("ovsdb-server/set-active-ovsdb-server", nowhere)
	s.control("ovsdb-server/connect-active-ovsdb-server")
	s.tellOfPromotion()
	if !s.errand() || !s.follows(nowhere) {
		t.Errorf("an errand is left: %v; it still follows nobody: %v; want both", s.errand(), s.follows(nowhere))
	}
	s.signal(s.supervisor(), syscall.SIGCONT)
	s.becomes("node1 to follow", func() bool { return s.follows(s.source()) })
	s.becomes("the errand to be done", func() bool { return !s.errand() })
}

func TestNodeThatIsPromotedBeforeItsSupervisorCouldFollowAnotherOneStaysActive(t *testing.T) {
	s := newSupervisedBackup(t)
	s.tellOfPromotion()
	s.agent("node1", "promote", 0)
	if s.errand() {
		t.Error("the supervisor is still to follow node2")
	}
	s.signal(s.supervisor(), syscall.SIGCONT)
	s.becomes("a monitor to find nothing wrong", func() bool {
		code, _ := s.act("node1", "monitor")
		return code == 8
	})
	if !s.writable("node1") {
		t.Error("node1 takes no rows")
	}
}
