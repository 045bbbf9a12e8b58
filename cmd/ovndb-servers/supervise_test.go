package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/process"
)

// TestMain lets the test program be the program: a supervisor is a process of its own, as is all of a container.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && slices.Contains([]string{"ocf", "supervise", process.FilesCommand}, os.Args[1]) {
		os.Exit(runUntilSignalled())
	}
	if args := os.Getenv(programVariable); args != "" {
		os.Args = append([]string{"ovndb-servers"}, strings.Fields(args)...)
		_ = runUntilSignalled()
		dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
		fmt.Printf("dumpable %d %v\n", dumpable, err)
		if os.Getenv(crashVariable) != "" {
			panic("a crash that a test wants")
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// programVariable makes the test binary the program with the arguments that it has, and say in the end
// whether the kernel would dump its memory.
const programVariable = "OVNDB_SERVERS_TEST_ARGUMENTS"

// crashVariable makes such a program crash in the end.
const crashVariable = "OVNDB_SERVERS_TEST_CRASH"

// From an action that crashes: it does not exit with OCF_ERR_ARGS, as Go's runtime does by itself, for which
// Pacemaker would ban the node.
func TestActionThatCrashesEndsByASignal(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"ocf monitor", "ocf validate-all"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), programVariable+"="+args, crashVariable+"=yes")
		err := cmd.Run()
		ended, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !ok || !ended.Signaled() || ended.Signal() != syscall.SIGABRT || ended.CoreDump() {
			t.Errorf("%s: %v, want it ended by SIGABRT without a core", args, err)
		}
	}
}

func TestTheKernelDumpsTheMemoryOfNeitherAnActionNorTheTool(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"ocf monitor", "ocf validate-all", "status --help", process.FilesCommand} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), programVariable+"="+args)
		if out, err := cmd.Output(); err != nil || !strings.HasSuffix(string(out), "dumpable 0 <nil>\n") {
			t.Errorf("%s: got %q, %v", args, out, err)
		}
	}
}

// supervised is a promoted node with a supervisor in a process of its own.
type supervised struct {
	testCluster
}

func newSupervised(t *testing.T) supervised {
	t.Helper()
	s := supervised{newTestCluster(t)}
	s.enable()
	s.lead("node1")
	return s
}

// enable lets node1 have a supervisor from its next start on, until the test ends.
func (s *supervised) enable() {
	s.t.Helper()
	s.t.Cleanup(func() {
		s.agent("node1", "stop", 0)
		if pid := s.pid(s.supervisor()); pid != 0 {
			s.t.Errorf("the supervisor (pid %d) outlives the test", pid)
		}
	})
	path, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	s.path = path
	s.parameters = map[string]string{
		"OCF_RESKEY_crm_feature_set": "3.19.0",
	}
	for name, value := range s.environment("node1") {
		s.t.Setenv(name, value) // the supervisor inherits it
	}
}

func (s supervised) file(name string) process.Pidfile {
	return process.Pidfile(filepath.Join(s.nodes["node1"], "run", name))
}

// stateFile is a file of the agent's state that does not outlive a reboot.
func (s supervised) stateFile(name string) process.Pidfile {
	return process.Pidfile(filepath.Join(s.nodes["node1"], "state-run", "ovndb", name))
}

func (s supervised) supervisor() process.Pidfile { return s.stateFile("supervisor.pid") }

// pid is the process of a pidfile, 0 if there is none.
func (s supervised) pid(p process.Pidfile) int {
	pid, err := p.Owner()
	if err != nil {
		return 0
	}
	return pid
}

// becomes awaits a condition that nothing announces.
func (s supervised) becomes(state string, condition func() bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-ctx.Done():
			s.t.Fatalf("waiting for %s: %v", state, ctx.Err())
		case <-ticker.C:
		}
	}
}

func (s supervised) signal(p process.Pidfile, signal syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(s.pid(p), signal); err != nil {
		s.t.Fatal(err)
	}
}

func TestSupervisorLivesFromStartToStopAndRestartsAServer(t *testing.T) {
	s := newSupervised(t)
	server := s.file("ovnnb_db.pid")
	s.agent("node1", "monitor", 8)
	before := s.pid(server)
	s.signal(server, syscall.SIGKILL)
	s.becomes("the server to be restarted", func() bool { return s.pid(server) != 0 && s.pid(server) != before })
	s.becomes("a monitor to find nothing wrong", func() bool {
		code, messages := s.act("node1", "monitor")
		if code != 8 && code != 191 {
			t.Errorf("monitor: code %d, want 8, or 191 while a restart is fresh: %s", code, messages)
		}
		return code == 8
	})
	s.insert("node1", "after")
	s.agent("node1", "stop", 0)
	if pid := s.pid(s.supervisor()); pid != 0 {
		t.Errorf("the supervisor still runs (pid %d)", pid)
	}
}

func TestSupervisorThatIsKilledIsBackWithTheNextMonitorAndTheServersNeverGo(t *testing.T) {
	s := newSupervised(t)
	servers := [2]int{s.pid(s.file("ovnnb_db.pid")), s.pid(s.file("ovnsb_db.pid"))}
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		before := s.pid(s.supervisor())
		s.signal(s.supervisor(), signal)
		s.becomes("the supervisor to end", func() bool { return s.pid(s.supervisor()) == 0 })
		wantText(t, s.agent("node1", "monitor", 191), "the supervisor was not running")
		s.becomes("the supervisor to be back", func() bool { return s.pid(s.supervisor()) != 0 && s.pid(s.supervisor()) != before })
		s.becomes("a monitor to find nothing wrong", s.healthy)
	}
	if after := [2]int{s.pid(s.file("ovnnb_db.pid")), s.pid(s.file("ovnsb_db.pid"))}; after != servers {
		t.Errorf("the servers were %v and are %v", servers, after)
	}
}

func TestSupervisorThatIsKilledIsBackAfterANotificationWhereNoMonitorRuns(t *testing.T) {
	s := newSupervised(t)
	for _, operation := range []string{"start", "promote", "demote", "stop"} {
		s.signal(s.supervisor(), syscall.SIGKILL)
		s.becomes("the supervisor to end", func() bool { return s.pid(s.supervisor()) == 0 })
		s.notify(operation)
		s.becomes("the supervisor to be back after the notification of a "+operation,
			func() bool { return s.pid(s.supervisor()) != 0 })
	}
}

func TestNoSupervisorIsStartedByANotificationWhereAServerIsMissing(t *testing.T) {
	s := newSupervised(t)
	s.signal(s.supervisor(), syscall.SIGKILL)
	s.becomes("the supervisor to end", func() bool { return s.pid(s.supervisor()) == 0 })
	s.signal(s.file("ovnnb_db.pid"), syscall.SIGKILL)
	s.becomes("the server to end", func() bool { return s.pid(s.file("ovnnb_db.pid")) == 0 })
	s.notify("stop")
	if pid := s.pid(s.supervisor()); pid != 0 {
		t.Errorf("a supervisor (pid %d) was started beside a missing server, want none", pid)
	}
}

func TestStatusShowsTheSupervisorAndItsReports(t *testing.T) {
	s := newSupervised(t)
	s.becomes("the supervisor to have looked", s.healthy)
	wantText(t, s.tool("node1", exitHealthy, "status", "-v").stdout, fmt.Sprintf("supervisor: running (pid %d)\n", s.pid(s.supervisor())))
	s.signal(s.supervisor(), syscall.SIGSTOP)
	path := string(s.stateFile("supervisor.json"))
	var state map[string]any
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &state)
	}
	if err != nil {
		t.Fatal(err)
	}
	state["reasons"], state["gave-up"] = []string{"something lasts"}, true
	if text, err = json.Marshal(state); err != nil {
		t.Fatal(err)
	}
	write(t, path, string(text), 0o644)
	wantText(t, s.tool("node1", exitDegraded, "status").stdout, "problem: something lasts", "problem: the supervisor has given up restarting servers")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	wantText(t, s.tool("node1", exitHealthy, "status").stdout, "but the supervisor has said nothing for 1h0m")
	s.signal(s.supervisor(), syscall.SIGKILL)
	s.becomes("the supervisor to end", func() bool { return s.pid(s.supervisor()) == 0 })
	wantText(t, s.tool("node1", exitHealthy, "status", "-o", "json").stdout, `"supervisor": {
    "pid": 0
  }`)
	wantText(t, s.tool("node1", exitHealthy, "status").stdout, "supervisor: not running: a server that dies waits for the next monitor")
}

// healthy reports whether the supervisor runs and has saved a state that a monitor can use.
func (s supervised) healthy() bool {
	_, err := os.Stat(string(s.stateFile("supervisor.json")))
	return err == nil && s.pid(s.supervisor()) != 0
}

func TestSupervisorOfOtherParametersIsReplacedByTheNextMonitor(t *testing.T) {
	s := newSupervised(t)
	before := s.pid(s.supervisor())
	s.parameters["OCF_RESKEY_busy_patience"] = "300"
	t.Setenv("OCF_RESKEY_busy_patience", "300")
	wantText(t, s.agent("node1", "monitor", 191), "the supervisor was not running, or not with these parameters")
	s.becomes("another supervisor", func() bool { return s.pid(s.supervisor()) != 0 && s.pid(s.supervisor()) != before })
}

// A node that stands still does not learn that another one is promoted meanwhile.
func TestSupervisorThatStoodStillMakesANodeReadOnlyWhoseTermIsOver(t *testing.T) {
	s := newSupervised(t)
	s.signal(s.supervisor(), syscall.SIGSTOP)
	write(t, filepath.Join(s.values, "ovndb-record-ovndb", "record"), "2 another node2", 0o644)
	longer := time.NewTimer(4 * time.Second) // than the shortest freeze that counts
	defer longer.Stop()
	<-longer.C
	s.signal(s.supervisor(), syscall.SIGCONT)
	s.becomes("the node to be read-only", func() bool { return !s.writable("node1") })
	for _, said := range []string{"this node stood still", "term 1 of this node is over"} {
		s.becomes("the log to say: "+said, func() bool { return strings.Contains(s.log(), said) })
	}
}

// writable reports whether a node takes rows.
func (s supervised) writable(node string) bool {
	out, err := exec.CommandContext(s.t.Context(), "ovsdb-client", "transact", "unix:"+filepath.Join(s.nodes[node], "run", "ovnnb_db.sock"),
		`["OVN_Northbound",{"op":"delete","table":"Logical_Switch","where":[["name","==","absent"]]}]`).CombinedOutput()
	return err == nil && !strings.Contains(string(out), "not allowed")
}

// log is the supervisor's log.
func (s supervised) log() string {
	text, err := os.ReadFile(filepath.Join(s.nodes["node1"], "agent-log", "ovndb.log"))
	if err != nil {
		s.t.Fatal(err)
	}
	return string(text)
}

func TestASecondSupervisorEndsAtOnce(t *testing.T) {
	s := newSupervised(t)
	before := s.pid(s.supervisor())
	var stderr strings.Builder
	code := run(t.Context(), program{
		args: []string{"/usr/sbin/ovndb-servers", "supervise"}, getenv: os.Getenv, stdout: &stderr, stderr: &stderr,
	})
	if code != 0 {
		t.Errorf("code %d: %s", code, stderr.String())
	}
	if after := s.pid(s.supervisor()); after != before {
		t.Errorf("the supervisor was %d and is %d", before, after)
	}
}

func TestSupervisorWithoutParametersNamesTheMissingOne(t *testing.T) {
	got := call(t, "/usr/sbin/ovndb-servers", "supervise")
	if got.code != exitDegraded {
		t.Errorf("code %d, want %d", got.code, exitDegraded)
	}
	wantText(t, got.stderr, "master_ip")
}

// From a supervisor whose state in /run is removed: neither a stop nor the monitor that starts another one finds it.
// It ends by itself.
func TestSupervisorWhoseStateInRunIsRemovedEnds(t *testing.T) {
	for _, action := range []string{"stop", "monitor"} {
		t.Run(action, func(t *testing.T) {
			s := newSupervised(t)
			before := s.pid(s.supervisor())
			directory := filepath.Join(s.nodes["node1"], "state-run", "ovndb")
			if err := os.Rename(directory, directory+"-gone"); err != nil {
				t.Fatal(err)
			}
			if action == "stop" {
				s.agent("node1", "stop", 0)
			} else {
				s.agent("node1", "monitor", 191)
				s.becomes("another supervisor", func() bool { return s.pid(s.supervisor()) != 0 })
			}
			s.becomes("the earlier supervisor to end", func() bool {
				a, err := process.Inspect(before)
				return err != nil || a.Zombie
			})
		})
	}
}
