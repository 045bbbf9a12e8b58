package ovsdbctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"ovndb-servers/pkg/pki"
)

// dialInterval is the time between attempts to connect to a Unix socket whose queue of
// connections is full. Linux refuses such an attempt at once instead of blocking, and a
// busy server empties its queue in one turn of its loop.
const dialInterval = 20 * time.Millisecond

// trust is how the peer of a connection is recognised: on Unix sockets by the checker, which may be
// nil, by TLS with the files.
type trust struct {
	checker PeerChecker
	files   pki.Files
}

// dialEndpoint connects to an OVSDB endpoint, see [Open] and [OpenTLS].
func dialEndpoint(ctx context.Context, endpoint string, peer trust) (net.Conn, error) {
	method, address, _ := strings.Cut(endpoint, ":")
	switch method {
	case "unix":
		if !filepath.IsAbs(address) {
			return nil, fmt.Errorf("%w: socket path is not absolute", ErrBadArgument)
		}
		return dialSocket(ctx, address, peer.checker)
	case "tcp", "ssl":
		host, port, err := net.SplitHostPort(address)
		if err != nil || host == "" || port == "" {
			return nil, fmt.Errorf("%w: want %s:host:port", ErrBadArgument, method)
		}
	default:
		return nil, fmt.Errorf("%w: unknown connection method %q", ErrBadArgument, method)
	}
	if method == "ssl" {
		return dialTLS(ctx, address, peer.files)
	}
	return dial(ctx, method, address)
}

// Reach returns nil if a TCP or SSL endpoint accepts connections; see [Open] for the errors.
func Reach(ctx context.Context, endpoint string) error {
	_, address, _ := strings.Cut(endpoint, ":")
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("cannot reach %s: %w", endpoint, err)
	}
	_ = conn.Close() // nothing was sent
	return nil
}

// dial connects to a Unix or a TCP socket.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	var conn net.Conn
	err := untilQueued(ctx, func() error {
		var dialer net.Dialer
		var err error
		conn, err = dialer.DialContext(ctx, network, address)
		return err
	})
	if err != nil {
		return nil, dialError(ctx, err)
	}
	return conn, nil
}

// dialSocket connects to a Unix socket, if the process that listens there passes the checker.
func dialSocket(ctx context.Context, path string, checker PeerChecker) (net.Conn, error) {
	conn, err := dial(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := checkPeer(conn, checker); err != nil {
		_ = conn.Close() // nothing was sent
		return nil, err
	}
	return conn, nil
}

// untilQueued repeats dial while it fails because the peer's queue is full.
func untilQueued(ctx context.Context, dial func() error) error {
	ticker := time.NewTicker(dialInterval)
	defer ticker.Stop()
	for {
		err := dial()
		if !errors.Is(err, syscall.EAGAIN) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// dialError classifies a failed attempt to connect as ErrNoAnswer or ErrNotListening. An
// error that proves neither (a lack of permission, a path that is too long) is returned
// unchanged.
func dialError(ctx context.Context, err error) error {
	if ctx.Err() != nil || isTimeout(err) {
		return noAnswer(ctx)
	}
	absent := []error{
		syscall.ENOENT, syscall.ENOTDIR, syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH,
	}
	for _, reason := range absent {
		if errors.Is(err, reason) {
			return fmt.Errorf("%w: %w", ErrNotListening, err)
		}
	}
	return err
}

// sessionError classifies the failure of an established connection as ErrNoAnswer, ErrTLS or
// ErrProtocol.
func sessionError(ctx context.Context, err error) error {
	return classify(ctx, err, ErrProtocol, fmt.Errorf("%w: connection closed: %w", ErrNoAnswer, io.ErrUnexpectedEOF))
}

// classify returns the error of a connection that took too long or met an alert, and else onHangup where
// the peer has closed it, and other with err for any other failure.
func classify(ctx context.Context, err, other, onHangup error) error {
	switch {
	case ctx.Err() != nil || isTimeout(err):
		return noAnswer(ctx)
	case isAlert(err):
		return refusedByPeer(err)
	case isHangup(err):
		return onHangup
	default:
		return fmt.Errorf("%w: %w", other, err)
	}
}

// noAnswer returns ErrNoAnswer with the reason why ctx ended. The timer of a connection
// can fire just before that of the context from which it was taken: then ctx has no reason.
func noAnswer(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNoAnswer, err)
	}
	return fmt.Errorf("%w: %w", ErrNoAnswer, context.DeadlineExceeded)
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func isHangup(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
