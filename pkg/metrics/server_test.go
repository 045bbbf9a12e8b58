package metrics_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/replication"
)

// pipes is a listener whose connections are in memory.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), ended: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { p.once.Do(func() { close(p.ended) }); return nil }

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p *pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// serve serves a snapshot on a port of this machine until the test ends.
func serve(t *testing.T, latest func() *metrics.Snapshot) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() {
		if err := (metrics.Server{Latest: latest}).Serve(ctx, listener); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); serving.Wait() })
	return listener.Addr().String()
}

func TestClientsGetMetricsAndWhetherTheNodeIsActive(t *testing.T) {
	t.Parallel()
	seen := func(state replication.State, ago time.Duration) func() *metrics.Snapshot {
		return func() *metrics.Snapshot {
			return &metrics.Snapshot{Resource: "ovn", State: state, At: time.Now().Add(-ago)}
		}
	}
	active, backup := seen(replication.StateActive, 0), seen(replication.StateFresh, 0)
	old, stuck := seen(replication.StateActive, 15*time.Second), seen(replication.StateActive, time.Minute)
	future, nothing := seen(replication.StateActive, -time.Hour), func() *metrics.Snapshot { return nil }
	for _, tt := range []struct {
		name         string
		latest       func() *metrics.Snapshot
		method, path string
		want         int
		body         string
	}{
		{"metrics", active, "GET", "/metrics", 200, `ovndb_state{resource="ovn",state="ACTIVE"} 1`},
		{"metrics with a query", active, "GET", "/metrics?a=b", 200, "ovndb_healthy"},
		{"metrics, old", stuck, "GET", "/metrics", 200, "ovndb_last_observation_timestamp_seconds"},
		{"metrics before anything was observed", nothing, "GET", "/metrics", 503, "nothing"},
		{"the head alone", active, "HEAD", "/metrics", 200, ""},
		{"active", active, "GET", "/-/active", 200, "ACTIVE"},
		{"a backup is not active", backup, "GET", "/-/active", 503, "BACKUP:fresh"},
		{"active by an observation that is old", old, "GET", "/-/active", 503, "observed 15"},
		{"active by an observation of the future", future, "GET", "/-/active", 503, ""},
		{"active before anything was observed", nothing, "HEAD", "/-/active", 503, ""},
		{"healthy", backup, "GET", "/-/healthy", 200, "BACKUP:fresh"},
		{"healthy while a repair takes long", old, "GET", "/-/healthy", 200, "ACTIVE"},
		{"stuck", stuck, "GET", "/-/healthy", 503, "ACTIVE"},
		{"another path", active, "GET", "/", 404, "/metrics"},
		{"another method", active, "POST", "/metrics", 405, "GET"},
		{"removal", active, "DELETE", "/-/active", 405, "GET"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			request, err := http.NewRequestWithContext(t.Context(), tt.method, "http://"+serve(t, tt.latest)+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close() //nolint:errcheck // only read
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != tt.want || !strings.Contains(string(body), tt.body) || tt.method == "HEAD" && len(body) > 0 {
				t.Errorf("%s %s: %s, %q; want %d with %q", tt.method, tt.path, response.Status, body, tt.want, tt.body)
			}
			if tt.want == 405 && response.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("the methods that are allowed are %q", response.Header.Get("Allow"))
			}
		})
	}
}

// send sends text as a request and returns the first line of the answer.
func send(t *testing.T, address, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // only read
	if _, err := io.WriteString(conn, text); err != nil {
		t.Logf("cannot send all: %v", err)
	}
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return strings.TrimSpace(line)
}

func TestRequestsThatAreTooLargeOrMalformedAreAnsweredAsSuch(t *testing.T) {
	t.Parallel()
	address := serve(t, func() *metrics.Snapshot { return &metrics.Snapshot{At: time.Now()} })
	for _, tt := range []struct{ name, request, want string }{
		{"HTTP/1.0 without a header", "GET /-/healthy HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK"},
		{"lines without carriage returns", "GET /-/healthy HTTP/1.1\n\n", "HTTP/1.1 200 OK"},
		{"a header of 100 KiB", "GET /metrics HTTP/1.1\r\nX: " + strings.Repeat("x", 100<<10) + "\r\n\r\n", "HTTP/1.1 431 Request Header Fields Too Large"},
		{"many headers", "GET /metrics HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 10000) + "\r\n", "HTTP/1.1 431 Request Header Fields Too Large"},
		{"a path of 100 KiB", "GET /" + strings.Repeat("x", 100<<10) + " HTTP/1.1\r\n\r\n", "HTTP/1.1 431 Request Header Fields Too Large"},
		{"another version", "GET /metrics HTTP/2.0\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		{"no version", "GET /metrics\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		{"TLS", "\x16\x03\x01\x02\x00\x01\n", "HTTP/1.1 400 Bad Request"},
		{"another host's path", "GET http://192.0.2.1/metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request"},
		{"an empty line", "\r\n\r\n", "HTTP/1.1 400 Bad Request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := send(t, address, tt.request); got != tt.want {
				t.Errorf("the answer is %q, want %q", got, tt.want)
			}
		})
	}
}

// closedWithin reports whether the other side closes a connection within a time.
func closedWithin(t *testing.T, conn net.Conn, limit time.Duration) bool {
	t.Helper()
	err := conn.SetReadDeadline(time.Now().Add(limit))
	if err == nil {
		_, err = io.Copy(io.Discard, conn)
	}
	return err == nil || errors.Is(err, io.ErrClosedPipe)
}

func TestClientThatSendsOrReadsSlowlyIsDisconnectedAndDelaysNoOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		latest := &metrics.Snapshot{State: replication.StateActive, At: time.Now()}
		var serving sync.WaitGroup
		serving.Go(func() { _ = (metrics.Server{Latest: func() *metrics.Snapshot { return latest }}).Serve(ctx, listener) })
		silent, deaf, dripping, quick := listener.dial(), listener.dial(), listener.dial(), listener.dial()
		mustWrite(t, deaf, "GET /metrics HTTP/1.1\r\n\r\n") // and it reads nothing
		go func() {
			for {
				if _, err := io.WriteString(dripping, "G"); err != nil {
					return
				}
				time.Sleep(time.Second)
			}
		}()
		mustWrite(t, quick, "GET /-/active HTTP/1.1\r\n\r\n")
		if line, err := bufio.NewReader(quick).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Errorf("beside slow clients another gets %q, %v", line, err)
		}
		time.Sleep(6 * time.Second)
		for name, conn := range map[string]net.Conn{"silent": silent, "deaf": deaf, "dripping": dripping} {
			if !closedWithin(t, conn, time.Second) {
				t.Errorf("the %s client is still connected after 6 s", name)
			}
		}
		cancel()
		serving.Wait()
	})
}

func mustWrite(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func TestIdleClientsKeepNoOtherFromItsAnswerAndTheOldestIsDisconnectedForIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		listener := newPipes()
		ctx, cancel := context.WithCancel(t.Context())
		var serving sync.WaitGroup
		serving.Go(func() {
			_ = (metrics.Server{Latest: func() *metrics.Snapshot { return &metrics.Snapshot{At: time.Now()} }}).Serve(ctx, listener)
		})
		var idle []net.Conn
		for range 16 {
			idle = append(idle, listener.dial())
		}
		last := listener.dial()
		mustWrite(t, last, "GET /-/healthy HTTP/1.1\r\n\r\n")
		if line, err := bufio.NewReader(last).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
			t.Errorf("beside 16 idle clients another gets %q, %v", line, err)
		}
		if !closedWithin(t, idle[0], time.Millisecond) {
			t.Error("the oldest client is still connected")
		}
		if closedWithin(t, idle[1], time.Millisecond) {
			t.Error("a client is disconnected without need")
		}
		cancel()
		serving.Wait()
	})
}
