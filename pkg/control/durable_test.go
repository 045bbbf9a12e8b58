package control_test

import (
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/replication"
)

// overheard holds the bytes that clients have sent to a server.
type overheard struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *overheard) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *overheard) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Reset()
}

// durable reports whether a durable transaction with a text was sent.
func (o *overheard) durable(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for request := range strings.SplitSeq(o.text.String(), `"method":`) {
		if strings.Contains(request, text) && strings.Contains(request, `"durable":true`) {
			return true
		}
	}
	return false
}

// overhear takes the place of a server's data socket, for clients of this test.
func overhear(t *testing.T, u *control.Unit) *overheard {
	t.Helper()
	heard := &overheard{}
	standBefore(t, u, func(client net.Conn, behind string) { handThrough(client, behind, heard) })
	return heard
}

// standBefore takes the place of a server's data socket for this program, and has a function serve each client.
// The real socket is at behind.
func standBefore(t *testing.T, u *control.Unit, serve func(client net.Conn, behind string)) {
	t.Helper()
	behind := u.Server.DataSocket
	u.Server.DataSocket, u.Server.Peer = filepath.Join(filepath.Dir(behind), "before.sock"), nil
	listen(t, u.Server.DataSocket, func(client net.Conn) { serve(client, behind) })
}

// handThrough hands a session through to a server, and the bytes of the client to another reader as well.
func handThrough(client net.Conn, behind string, heard io.Writer) {
	server, err := net.Dial("unix", behind)
	if err != nil {
		return
	}
	defer server.Close() //nolint:errcheck // the session has ended
	go func() {
		_, _ = io.Copy(io.MultiWriter(server, heard), client)
		_ = server.Close()
	}()
	_, _ = io.Copy(client, server)
}

// The power of all nodes may go right after the record was swapped: the marker of the new term, and the
// last beat of a demotion, are on disk before that.
func TestMarkerOfANewTermAndLastBeatOfADemotionAreWrittenDurably(t *testing.T) {
	t.Parallel()
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", controltest.FreePorts(t))
	must(t, node.Start(testContext(t)))
	heard := overhear(t, &node.Units[0])
	must(t, node.Promote(testContext(t), replication.Participants{}))
	own, err := node.OwnTerm()
	must(t, err)
	if !heard.durable(own.Record.TermID) {
		t.Error("the marker of the new term was not written durably")
	}
	heard.forget()
	must(t, node.Demote(testContext(t)))
	if !heard.durable(own.Record.TermID) {
		t.Error("the last beat of the demotion was not written durably")
	}
}
