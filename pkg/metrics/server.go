package metrics

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"ovndb-servers/pkg/replication"
)

// The paths that are served.
const (
	// PathMetrics has the metrics.
	PathMetrics = "/metrics"
	// PathActive answers 200 on a node where clients can write, 503 on any other.
	PathActive = "/-/active"
	// PathHealthy answers 200 while the supervisor goes on observing, 503 if it does not.
	PathHealthy = "/-/healthy"
)

const (
	// maxConnections are served at the same time; one more takes the place of the oldest.
	maxConnections = 16
	// exchangeTimeout bounds a request and its answer, slow as the client may be.
	exchangeTimeout = 5 * time.Second
	// activeAge is how old an observation may be that says that clients can write here, healthyAge how
	// old one may be before the supervisor counts as stuck: repairs come between two of them.
	activeAge  = 5 * time.Second
	healthyAge = 30 * time.Second
)

// Server serves the latest snapshot by HTTP. It asks nothing and changes nothing.
type Server struct {
	Latest func() *Snapshot
}

// Serve serves until ctx ends, and closes the listener. It returns the error of the listener.
func (s Server) Serve(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	defer serving.Wait()
	defer cancel()
	defer closing(ctx, listener)()
	var open clients
	slots := make(chan struct{}, maxConnections)
	for {
		conn, err := listener.Accept()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("cannot accept connections at %s: %w", listener.Addr(), err)
		}
		select {
		case slots <- struct{}{}:
		default:
			open.closeOldest()
			slots <- struct{}{} // of that one, or of one that has ended meanwhile
		}
		open.add(conn)
		serving.Go(func() {
			defer func() { open.remove(conn); <-slots }()
			s.serve(ctx, conn)
		})
	}
}

// closing closes c when ctx ends, or when the function that it returns is called.
func closing(ctx context.Context, c io.Closer) func() {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	return func() {
		if stop() {
			_ = c.Close()
		}
	}
}

func (s Server) serve(ctx context.Context, conn net.Conn) {
	defer closing(ctx, conn)()
	if conn.SetDeadline(time.Now().Add(exchangeTimeout)) != nil {
		return
	}
	r, err := readRequest(conn)
	_, _ = conn.Write(s.answer(r, err).message(r)) // it fails if the client is gone, or too slow
}

// answer is the response to a client.
type answer struct {
	status string
	header string // further lines of the head
	body   []byte
}

func plain(status, text string) answer { return answer{status: status, body: []byte(text + "\n")} }

func (s Server) answer(r request, err error) answer {
	switch {
	case errors.Is(err, errTooLarge):
		return plain("431 Request Header Fields Too Large", "the request is too large")
	case err != nil:
		return plain("400 Bad Request", "the request cannot be read")
	case r.method != methodGet && r.method != methodHead:
		a := plain("405 Method Not Allowed", "only GET and HEAD")
		a.header = "Allow: GET, HEAD\r\n"
		return a
	}
	latest := s.Latest()
	now := time.Now() // after it: an observation made meanwhile is not of the future
	switch r.path {
	case PathMetrics:
		if latest == nil {
			return plain("503 Service Unavailable", "nothing was observed yet")
		}
		return answer{status: "200 OK", body: latest.Text()}
	case PathActive:
		return health(latest, now, activeAge, func(s Snapshot) bool { return s.State == replication.StateActive })
	case PathHealthy:
		return health(latest, now, healthyAge, func(Snapshot) bool { return true })
	default:
		return plain("404 Not Found", "there is "+strings.Join([]string{PathMetrics, PathActive, PathHealthy}, ", "))
	}
}

// health answers 200 for an observation that is young enough and as it has to be.
func health(latest *Snapshot, now time.Time, maxAge time.Duration, good func(Snapshot) bool) answer {
	if latest == nil {
		return plain("503 Service Unavailable", "nothing was observed yet")
	}
	age := now.Sub(latest.At)
	text := fmt.Sprintf("%s, observed %s ago", latest.State, age.Round(time.Millisecond))
	if age < 0 || age > maxAge || !good(*latest) {
		return plain("503 Service Unavailable", text)
	}
	return plain("200 OK", text)
}

// message returns the answer as it is sent. All connections end with it.
func (a answer) message(r request) []byte {
	head := fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n%s\r\n",
		a.status, ContentType, len(a.body), a.header)
	if r.method == methodHead {
		return []byte(head)
	}
	return append([]byte(head), a.body...)
}
