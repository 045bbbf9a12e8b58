package control_test

import (
	"io"
	"net"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
)

// From a promoted node whose server has died: a server that has just started ends the sessions of its first moments,
// as when it turns read-only. The restart in place goes on, and the role does not move.
func TestActiveIsRevivedThoughItsServerEndsTheFirstSessions(t *testing.T) {
	t.Parallel()
	led := newLedTrio(t).nodes[0]
	killUnit(t, led.Units[0])
	endFirstSessions(t, &led.Units[0], 4)
	must(t, led.Revive(testContext(t), nb, nil))
	if s := status(t, led.Units[0]); s.Role != ovsdbctl.RoleActive {
		t.Errorf("the server is %s", s.Role)
	}
}

// endFirstSessions puts a socket before a server's that ends so many sessions without an answer, and hands the
// others through.
func endFirstSessions(t *testing.T, u *control.Unit, count int) {
	t.Helper()
	server := u.Server.DataSocket
	socket := filepath.Join(t.TempDir(), "db.sock")
	listener, err := net.Listen("unix", socket)
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for i := 0; ; i++ {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			if i < count {
				_ = client.Close()
				continue
			}
			go handThrough(client, server)
		}
	}()
	u.Server.DataSocket, u.Server.Peer = socket, nil
}

func handThrough(client net.Conn, socket string) {
	defer client.Close() //nolint:errcheck // the session has ended
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // the session has ended
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}
