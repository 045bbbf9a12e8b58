package process_test

import (
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/process/processtest"
)

func TestNorthdCommandIsThatOfOVNForLocalServers(t *testing.T) {
	t.Parallel()
	layout := process.Layout{RunDir: "/run/ovn", LogDir: "/log"}
	got := process.OVNNorthd(process.NorthdOptions{
		Files: layout.Northd(), Northbound: layout.Northbound().DataSocket, Southbound: layout.Southbound().DataSocket,
		Owner: process.Owner{Name: "ovn"},
	})
	want := []string{
		"--detach", "--pidfile=/run/ovn/ovn-northd.pid",
		"-vconsole:warn", "-vfile:info", "--log-file=/log/ovn-northd.log",
		"--ovnnb-db=unix:/run/ovn/ovnnb_db.sock", "--ovnsb-db=unix:/run/ovn/ovnsb_db.sock",
	}
	if diff := cmp.Diff(want, got.Command()); diff != "" || got.Program != "ovn-northd" {
		t.Errorf("%s: %s", got.Program, diff)
	}
	if socket := layout.Northd().ControlSocket(17); socket != "/run/ovn/ovn-northd.17.ctl" {
		t.Errorf("control socket is %s", socket)
	}
}

// needNorthd skips a test where ovn-northd is not installed: Debian's bullseye has no OVN any more.
func needNorthd(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(process.NorthdProgram); err != nil {
		t.Skip("ovn-northd is not installed")
	}
}

// startNorthd starts an ovn-northd whose servers are not there.
func startNorthd(t *testing.T) (process.Daemon, process.NorthdFiles) {
	t.Helper()
	needNorthd(t)
	layout := layoutIn(shortDirectory(t))
	files := layout.Northd()
	daemon := process.OVNNorthd(process.NorthdOptions{
		Files: files, Northbound: layout.Northbound().DataSocket, Southbound: layout.Southbound().DataSocket,
	})
	if err := daemon.Start(testContext(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if _, err := process.Stop(ctx, daemon.Pidfile, daemon.Program, nil); err != nil {
			t.Error(err)
		}
	})
	return daemon, files
}

func TestNorthdIsFoundByItsControlSocketAndEndedThere(t *testing.T) {
	t.Parallel()
	daemon, files := startNorthd(t)
	socket := files.ControlSocket(ownerOf(t, daemon.Pidfile))
	if err := unixctl(testContext(t), socket, "status"); err != nil {
		t.Fatal(err)
	}
	report, err := process.Stop(testContext(t), daemon.Pidfile, daemon.Program, exit(process.ServerFiles{ControlSocket: socket}))
	if err != nil || report.How != process.StopExit {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestStaleFilesOfNorthdAreThoseThatNobodyListensOn(t *testing.T) {
	t.Parallel()
	daemon, files := startNorthd(t)
	pid := ownerOf(t, daemon.Pidfile)
	killed := files.ControlSocket(pid)
	if err := kill(pid); err != nil {
		t.Fatal(err)
	}
	processtest.AwaitEnd(t, pid)
	live := files.ControlSocket(1 << 30)
	listener, err := net.Listen("unix", live)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	file := files.ControlSocket(1<<30 + 1)
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := files.RemoveStale(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{killed, files.Pidfile} {
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is left: %v", filepath.Base(path), err)
		}
	}
	for _, path := range []string{live, file} {
		if _, err := os.Lstat(path); err != nil {
			t.Errorf("%s is gone: %v", filepath.Base(path), err)
		}
	}
}
