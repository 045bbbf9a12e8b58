package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gofrs/flock"

	"ovndb-servers/pkg/process"
)

// newSupervisedBackup returns a cluster whose node2 leads, and whose node1 follows it
// under a supervisor in a process of its own, which is stopped by a signal and holds no lock.
func newSupervisedBackup(t *testing.T) supervised {
	t.Helper()
	s := supervised{newTestCluster(t)}
	s.lead("node2")
	s.enable()
	s.agent("node1", "start", 0)
	s.becomes("node1 to follow", func() bool { return s.follows(s.source()) })
	s.becomes("the supervisor to be stopped without the action lock", s.stoppedUnlocked)
	return s
}

// stoppedUnlocked stops the supervisor of node1 by a signal, and lets it run on if it holds the
// action lock, for which other actions would wait.
func (s supervised) stoppedUnlocked() bool {
	s.t.Helper()
	s.signal(s.supervisor(), syscall.SIGSTOP)
	s.becomes("the supervisor to be stopped", func() bool {
		a, err := process.Inspect(s.pid(s.supervisor()))
		return err == nil && a.Stopped
	})
	lock := flock.New(string(s.stateFile("lock")))
	free, err := lock.TryLock()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := lock.Unlock(); err != nil {
		s.t.Fatal(err)
	}
	if !free {
		s.signal(s.supervisor(), syscall.SIGCONT)
	}
	return free
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

// follows asks for the session: the source that is configured may be another one.
func (s supervised) follows(source string) bool {
	status := s.control("ovsdb-server/sync-status")
	return strings.Contains(status, "state: backup") && strings.Contains(status, source)
}

// followPending reports whether the supervisor of node1 has yet to follow the promoted node.
func (s supervised) followPending() bool {
	_, err := os.Stat(string(s.stateFile("follow")))
	return err == nil
}

// notifyOfPromotion runs node1's notification that node2 was promoted.
func (s supervised) notifyOfPromotion() { s.notify("promote") }

// notify runs node1's notification of an action of node2 that is done.
func (s supervised) notify(operation string) {
	s.t.Helper()
	announced := map[string]string{
		"OCF_RESKEY_CRM_meta_notify_type": "post", "OCF_RESKEY_CRM_meta_notify_operation": operation,
		"OCF_RESKEY_CRM_meta_notify_" + operation + "_uname": "node2", "OCF_RESKEY_CRM_meta_notify_active_uname": "node1 node2",
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
	s.control("ovsdb-server/set-active-ovsdb-server-probe-interval", "5000") // from 3.3 on, a backup leaves its source by this
	s.notifyOfPromotion()
	if !s.followPending() || !s.follows(nowhere) {
		t.Errorf("a follow is pending: %v; the source is still %s: %v; want both", s.followPending(), nowhere, s.follows(nowhere))
	}
	s.signal(s.supervisor(), syscall.SIGCONT)
	s.becomes("node1 to follow", func() bool { return s.follows(s.source()) })
	s.becomes("the pending follow to be done", func() bool { return !s.followPending() })
}

func TestNodeThatIsPromotedBeforeItsSupervisorCouldFollowAnotherOneStaysActive(t *testing.T) {
	s := newSupervisedBackup(t)
	s.notifyOfPromotion()
	s.agent("node1", "promote", 0)
	if s.followPending() {
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
