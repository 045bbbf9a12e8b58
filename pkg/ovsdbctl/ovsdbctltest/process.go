package ovsdbctltest

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
)

// Create creates an empty database file of db's installed schema.
func Create(tb testing.TB, db ovsdbctl.Database, file string) {
	tb.Helper()
	tool, err := os.StartProcess(find(tb, "ovsdb-tool"), []string{"ovsdb-tool", "create", file, Schema(tb, db)},
		&os.ProcAttr{Files: []*os.File{nil, os.Stdout, os.Stderr}})
	if err != nil {
		tb.Fatalf("cannot start ovsdb-tool: %v", err)
	}
	if state, err := tool.Wait(); err != nil || !state.Success() {
		tb.Fatalf("cannot create the database %s: ovsdb-tool ended with %v %v", file, state, err)
	}
}

// Schema returns the path of db's schema as OVN's packages install it.
func Schema(tb testing.TB, db ovsdbctl.Database) string {
	tb.Helper()
	name, known := map[string]string{
		ovsdbctl.Northbound().Name: "ovn-nb.ovsschema",
		ovsdbctl.Southbound().Name: "ovn-sb.ovsschema",
	}[db.Name]
	if !known {
		tb.Fatalf("no schema is known for the database %s", db.Name)
	}
	path := filepath.Join("/usr/share/ovn", name)
	if _, err := os.Stat(path); err != nil {
		tb.Fatalf("no schema for %s: %v: install the package ovn-central", db.Name, err)
	}
	return path
}

// startProcess runs a program of Open vSwitch as a child that does not outlive the
// test, even if the test is killed. Ended is closed when it has ended. The child has a thread that lives as long as
// it: the kernel kills it with the thread that has started it, and the threads of some calls end with them.
func startProcess(tb testing.TB, program string, args ...string) (child *os.Process, ended <-chan struct{}) {
	tb.Helper()
	path, done := find(tb, program), make(chan struct{})
	started, failed := make(chan *os.Process, 1), make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(done)
		process, err := os.StartProcess(path, append([]string{program}, args...), &os.ProcAttr{
			Files: []*os.File{nil, os.Stdout, os.Stderr},
			Sys:   &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL},
		})
		if err != nil {
			failed <- err
			return
		}
		started <- process
		_, _ = process.Wait()
	}()
	select {
	case child = <-started:
	case err := <-failed:
		tb.Fatalf("cannot start %s: %v", program, err)
	}
	return child, done
}

// find returns the path of a program. Daemons are in sbin, which is not in the search path
// of every user.
func find(tb testing.TB, program string) string {
	tb.Helper()
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), "/usr/sbin", "/usr/local/sbin") {
		path := filepath.Join(dir, program)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	tb.Fatalf("%s is not installed: install the package openvswitch-common", program)
	return ""
}
