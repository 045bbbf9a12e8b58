package ovsdbctl_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// onlyProcess accepts one process.
type onlyProcess int

var errOtherProcess = errors.New("another process")

func (p onlyProcess) CheckPeer(pid int) error {
	if pid != int(p) {
		return errOtherProcess
	}
	return nil
}

func TestNothingIsSentToAProcessThatIsNotTheDaemon(t *testing.T) {
	t.Parallel()
	arrived := make(chan ovsdbctltest.Request, 1)
	socket := ovsdbctltest.Fake(t, func(_ net.Conn, request ovsdbctltest.Request) { arrived <- request })
	other := onlyProcess(os.Getppid())
	server := ovsdbctl.Server{Database: ovsdbctl.Northbound(), ControlSocket: socket, DataSocket: socket, Peer: other}
	for name, call := range map[string]func(context.Context) error{
		"exit":   ovsdbctl.Unixctl{Socket: socket, Peer: other}.Exit,
		"status": func(ctx context.Context) error { _, err := server.SyncStatus(ctx); return err },
		"stop":   server.Exit,
		"open":   func(ctx context.Context) error { _, err := server.Open(ctx); return err },
	} {
		err := call(within(t, testTimeout))
		if !errors.Is(err, ovsdbctl.ErrNotListening) || !errors.Is(err, errOtherProcess) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	select {
	case request := <-arrived:
		t.Errorf("%+v was sent", request)
	default:
	}
}

func TestProcessThatListensIsTheOneThatAnswers(t *testing.T) {
	t.Parallel()
	daemon := ovsdbctl.Unixctl{
		Socket: ovsdbctltest.Fake(t, ovsdbctltest.Text(`{"id":1,"result":"ok","error":null}`)), Peer: onlyProcess(os.Getpid()),
	}
	if got, err := daemon.Call(within(t, testTimeout), "any"); err != nil || got != "ok" {
		t.Errorf("got %q, %v", got, err)
	}
}
