package ovsdbctl_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func TestSessionThatAPeerBreaksFailsEveryCallForTheSameReason(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		play func(peer)
		want error
	}{
		{"hangs up", hangingUp(""), io.ErrUnexpectedEOF},
		{"hangs up half-way", hangingUp(`{"id":2,"res`), io.ErrUnexpectedEOF},
		{"answers garbage", answering("HTTP/1.0 400 Bad Request\r\n"), ovsdbctl.ErrProtocol},
		{"answers no object", answering(`[1]`), ovsdbctl.ErrProtocol},
		{"answers null", answering("null\n"), ovsdbctl.ErrProtocol},
		{"answers with id null", answering(`{"id":null,"result":[{}],"error":null}`), ovsdbctl.ErrProtocol},
		{"answers without id", answering(`{"result":[{}],"error":null}`), ovsdbctl.ErrProtocol},
		{"answers with a text as id", answering(`{"id":"2","result":[{}],"error":null}`), ovsdbctl.ErrProtocol},
		{"answers a request to come", answering(`{"id":3,"result":[{}],"error":null}`), ovsdbctl.ErrProtocol},
		{"answers nothing", answering(`{"id":2,"result":null,"error":null}`), ovsdbctl.ErrProtocol},
		{"answers too much", answering(`{"id":2,"result":["` + strings.Repeat("x", 17<<20)), ovsdbctl.ErrProtocol},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			store := openPeer(t, tt.play)
			_, err := store.Writable(within(t, testTimeout))
			if !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			for range 3 {
				if _, again := store.Writable(within(t, testTimeout)); again == nil || again.Error() != err.Error() {
					t.Errorf("later call: got %v, want %v", again, err)
				}
			}
			store.Close()
			if _, err := store.Writable(within(t, testTimeout)); !errors.Is(err, tt.want) {
				t.Errorf("after Close: got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestResultsOfAnUnknownFormFailTheCallAndNotTheSession(t *testing.T) {
	t.Parallel()
	for _, result := range []string{
		`{}`, `[]`, `[1]`, `"x"`, `[{"rows":1}]`, `[{"rows":[1]}]`, `[{"rows":[{"external_ids":[]}]}]`, `[{"rows":[{"external_ids":["set"]}]}]`,
		`[{"rows":[{"external_ids":["set",1]}]}]`, `[{"rows":[{"external_ids":["map",[["k"]]]}]}]`, `[{"rows":[{"external_ids":["map",[[["set",[]],"k"]]]}]}]`,
		`[{"rows":[{"external_ids":["uuid"]}]}]`, `[{"rows":[{"external_ids":["uuid",1]}]}]`, `[{"rows":[{"external_ids":null}]}]`,
	} {
		store := openPeer(t, func(p peer) {
			p.next()
			p.send(`{"id":2,"result":` + result + `}`)
			p.next()
			p.send(`{"id":3,"result":[{"rows":[{"external_ids":["map",[["k","v"]]]}]}]}`)
			p.next()
		})
		if got, err := store.Global(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrProtocol) {
			t.Errorf("%s is read as %v, %v", result, got, err)
		}
		got, err := store.Global(within(t, testTimeout))
		if diff := cmp.Diff(map[string]string{"k": "v"}, got); diff != "" || err != nil {
			t.Errorf("after %s: %v; (-want +got):\n%s", result, err, diff)
		}
	}
}

func TestRefusedTransactReturnsTheServersWords(t *testing.T) {
	t.Parallel()
	// As ovsdb-server 3.1 answers for an unknown database.
	store := openPeer(t, answering(`{"id":2,"error":{"details":"transact request specifies unknown database","error":"unknown database"}}`))
	_, err := store.Writable(within(t, testTimeout))
	var refused *ovsdbctl.CommandError
	if !errors.As(err, &refused) || refused.Method != "transact" || !strings.Contains(refused.Message, `"unknown database"`) {
		t.Errorf("got %v", err)
	}
}

func TestOpenIsOneRequest(t *testing.T) {
	t.Parallel()
	more := make(chan bool, 1)
	store := openPeer(t, func(p peer) {
		_, ok := p.next()
		more <- ok
	})
	store.Close()
	if <-more {
		t.Error("something was sent after the reply")
	}
}

func TestCallWhoseContextHasEndedSendsNothing(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	before := fileSize(t, server)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for range 20 {
		if _, err := store.EnsureConnections(ended, []ovsdbctl.Connection{{Purpose: "clients", Target: "ptcp:1"}}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		if err := store.SetGlobal(ended, map[string]string{"k": "v"}); !errors.Is(err, context.Canceled) || !errors.Is(err, ovsdbctl.ErrNoAnswer) {
			t.Errorf("got %v, want ErrNoAnswer and context.Canceled", err)
		}
	}
	if writable, err := store.Writable(within(t, testTimeout)); err != nil || !writable || fileSize(t, server) != before {
		t.Errorf("got %v, %v; the file had %d bytes and has %d", writable, err, before, fileSize(t, server))
	}
}

func TestEchoOfAPeerIsAnsweredWhileACallWaits(t *testing.T) {
	t.Parallel()
	answers := make(chan peerRequest, 2)
	store := openPeer(t, func(p peer) {
		p.next()
		p.send(`{"id":"echo","method":"echo","params":["x",1]}{"id":null,"method":"update","params":[]}{"id":7,"method":"steal","params":[]}`)
		for range cap(answers) {
			answer, _ := p.next()
			answers <- answer
		}
		p.send(`{"id":2,"result":[{}],"error":null}`)
		p.next()
	})
	if writable, err := store.Writable(within(t, testTimeout)); err != nil || !writable {
		t.Errorf("got %v, %v", writable, err)
	}
	echo, unknown := <-answers, <-answers
	if string(echo.ID) != `"echo"` || string(echo.Result) != `["x",1]` {
		t.Errorf("echo is answered with %+v", echo)
	}
	if string(unknown.ID) != "7" || string(unknown.Result) != "null" {
		t.Errorf("an unknown request is answered with %+v", unknown)
	}
}

func TestServerThatProbesAnIdleSessionGetsItsEcho(t *testing.T) {
	t.Parallel()
	port := port(t)
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Argument("-vjsonrpc:file:dbg"))
	local := mustOpen(t, server)
	mustEnsureGlobal(t, local)
	want := []ovsdbctl.Connection{{Purpose: "clients", Target: "ptcp:" + port + ":127.0.0.1", InactivityProbe: time.Second}}
	if _, err := local.EnsureConnections(within(t, testTimeout), want); err != nil {
		t.Fatal(err)
	}
	if err := server.OpenConnections(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
	store, err := ovsdbctl.Open(within(t, testTimeout), "tcp:127.0.0.1:"+port, ovsdbctl.Northbound())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ovsdbctltest.Await(t, "the echo is answered", func(context.Context) bool {
		return strings.Contains(server.Log(t), `received reply, result=[], id="echo"`)
	})
	if _, err := store.Writable(within(t, testTimeout)); err != nil {
		t.Error(err)
	}
}

// The replies come in one piece, the first of them large, and in the other order.
func TestConcurrentCallsGetTheirOwnReplies(t *testing.T) {
	t.Parallel()
	const calls = 5
	store := openPeer(t, func(p peer) {
		var replies string
		for range calls {
			request, _ := p.next()
			replies = fmt.Sprintf(`{"id":%s,"result":[{"rows":[{"_uuid":["uuid","x"],"a":%q,"of":%s}]}]}`,
				request.ID, strings.Repeat("x", 100_000), tableOf(request)) + replies
		}
		p.send(replies)
		p.next()
	})
	var callers sync.WaitGroup
	for i := range calls {
		callers.Go(func() {
			table := "table" + strconv.Itoa(i)
			rows, err := store.Rows(within(t, testTimeout), table)
			if err != nil || len(rows) != 1 || rows[0].Columns["of"][0] != strconv.Quote(table) {
				t.Errorf("%s: got %.200v, %v", table, rows, err)
			}
		})
	}
	callers.Wait()
}

// tableOf returns the table of a select as JSON.
func tableOf(request peerRequest) string {
	var operation struct {
		Table json.RawMessage `json:"table"`
	}
	if len(request.Params) == 2 {
		_ = json.Unmarshal(request.Params[1], &operation)
	}
	return string(operation.Table)
}

func TestConcurrentWritesToAServerAreAllDone(t *testing.T) {
	t.Parallel()
	const callers, writes = 8, 20
	store := mustOpen(t, ovsdbctltest.Start(t, ovsdbctl.Northbound()))
	mustEnsureGlobal(t, store)
	var running sync.WaitGroup
	for i := range callers {
		running.Go(func() {
			for j := range writes {
				key := fmt.Sprintf("key-%d-%d", i, j)
				if err := store.SetGlobal(within(t, testTimeout), map[string]string{key: "x"}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	ids, err := store.Global(within(t, testTimeout))
	if err != nil || len(ids) != callers*writes {
		t.Errorf("got %d keys, %v", len(ids), err)
	}
}

func TestReplyThatComesInPiecesIsComplete(t *testing.T) {
	t.Parallel()
	store := openPeer(t, func(p peer) {
		p.next()
		for _, c := range `{"id":2,"result":[{"rows":[{"external_ids":["map",[["k","v"]]]}]}],"error":null}` + "\n" {
			p.send(string(c))
		}
		p.next()
	})
	if ids, err := store.Global(within(t, testTimeout)); err != nil || ids["k"] != "v" {
		t.Errorf("got %v, %v", ids, err)
	}
}

func TestPeerThatDoesNotReadHoldsNoCallBeyondItsContextAndMayReadLater(t *testing.T) {
	t.Parallel()
	read := make(chan struct{})
	store := openPeer(t, func(p peer) {
		for {
			request, ok := p.next()
			if !ok {
				return
			}
			p.send(`{"id":` + string(request.ID) + `,"result":[{"rows":[{"_uuid":["uuid","x"]}]},{}]}`)
			<-read // once
		}
	})
	large := map[string]string{"key": strings.Repeat("x", 4<<20)} // that fits into no buffer
	ctx := within(t, shortTimeout)
	if err := store.SetGlobal(ctx, large); !errors.Is(err, ovsdbctl.ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("large: got %v, want ErrNoAnswer and context.DeadlineExceeded", err)
	}
	for range 3 {
		_, err := store.Writable(within(t, shortTimeout))
		if !errors.Is(err, ovsdbctl.ErrNoAnswer) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want ErrNoAnswer and context.DeadlineExceeded", err)
		}
	}
	close(read)
	if err := store.SetGlobal(within(t, testTimeout), large); err != nil {
		t.Error(err)
	}
}

// Not parallel: it counts goroutines.
func TestSessionsThatHaveEndedLeaveNothingBehind(t *testing.T) {
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	before := runtime.NumGoroutine()
	for range 20 {
		store, err := server.Open(within(t, testTimeout))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Writable(within(t, testTimeout)); err != nil {
			t.Error(err)
		}
		store.Close()
	}
	if _, err := ovsdbctl.Open(within(t, testTimeout), server.Endpoint(), ovsdbctl.Southbound()); err == nil {
		t.Error("opened a database that is not there")
	}
	ended := func(context.Context) bool { return runtime.NumGoroutine() <= before }
	ovsdbctltest.Await(t, "the goroutines of closed sessions are gone", ended)
	var held []*ovsdbctl.Store
	for range 5 {
		held = append(held, mustOpen(t, server))
	}
	server.Kill(t)
	ovsdbctltest.Await(t, "the goroutines are gone", ended)
	for _, store := range held {
		if _, err := store.Writable(within(t, testTimeout)); !errors.Is(err, ovsdbctl.ErrNoAnswer) {
			t.Errorf("got %v, want ErrNoAnswer", err)
		}
	}
}

func FuzzSession(f *testing.F) {
	for _, seed := range []string{
		`{"id":2,"result":[{"rows":[{"_uuid":["uuid","x"],"external_ids":["map",[["k","v"]]]}]}],"error":null}`,
		`{"id":2,"error":{"error":"unknown database"}}`, `{"id":2,"result":[{"error":"not allowed","details":"x"},null]}`,
		`{"id":"echo","method":"echo","params":[]}{"id":2,"result":[{"rows":[]}]}`, `{"id":null,"method":"update"}`,
		`{"id":null,"result":[]}`, `{"id":2,"result":[{"rows":[{"a":["set",[["uuid","x"],1]]}]}]}`, `{`, ``, `[]`, `"`, `null`,
	} {
		f.Add(seed)
	}
	var reply atomic.Value
	endpoint := "unix:" + ovsdbctltest.Fake(f, func(conn net.Conn, _ ovsdbctltest.Request) {
		p := peer{Conn: conn, requests: json.NewDecoder(conn)}
		p.send(`{"id":1,"result":["OVN_Northbound"]}`)
		p.next()
		text, _ := reply.Load().(string)
		p.send(text)
	})
	f.Fuzz(func(t *testing.T, text string) {
		reply.Store(text)
		store, err := ovsdbctl.Open(within(t, testTimeout), endpoint, ovsdbctl.Northbound())
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		got, err := store.Rows(within(t, testTimeout), "any")
		var command *ovsdbctl.CommandError
		var refused *ovsdbctl.TransactionError
		switch {
		case err == nil:
		case got != nil:
			t.Errorf("got both %v and %v", got, err)
		case errors.As(err, &command), errors.As(err, &refused), errors.Is(err, ovsdbctl.ErrProtocol), errors.Is(err, io.ErrUnexpectedEOF):
		default:
			t.Errorf("unclassified error: %v", err)
		}
	})
}
