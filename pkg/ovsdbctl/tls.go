package ovsdbctl

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"

	"ovndb-servers/pkg/pki"
)

// dialTLS connects to a TCP socket and begins a TLS session there, with files that it reads now: a key
// that was replaced is used from the next session on.
func dialTLS(ctx context.Context, address string, files pki.Files) (net.Conn, error) {
	if !files.Given() {
		return nil, fmt.Errorf("%w: private key, certificate and CA certificate are not configured", ErrTLS)
	}
	identity, err := files.Load()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTLS, err)
	}
	conn, err := dial(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	session := tls.Client(conn, identity.Client())
	if err := session.HandshakeContext(ctx); err != nil {
		_ = conn.Close() // there is no session to end
		return nil, handshakeError(ctx, err)
	}
	return session, nil
}

// handshakeError classifies the failure of a handshake as ErrNoAnswer or ErrTLS.
func handshakeError(ctx context.Context, err error) error {
	closed := fmt.Errorf("%w: the server closed the connection in the handshake, its log says why: %w", ErrTLS, err)
	return classify(ctx, err, ErrTLS, closed)
}

// isAlert reports whether an error is that which the peer has sent (RFC 8446, section 6).
func isAlert(err error) bool {
	var failure *net.OpError
	return errors.As(err, &failure) && failure.Op == "remote error"
}

func refusedByPeer(err error) error {
	return fmt.Errorf("%w: the server refuses this node's certificate, or its version of TLS: %w", ErrTLS, err)
}

// PeerCertificate returns the certificate, in DER, that the server at an endpoint "ssl:host:port"
// presents. The error is that of [OpenTLS].
func PeerCertificate(ctx context.Context, endpoint string, files pki.Files) ([]byte, error) {
	conn, err := dialEndpoint(ctx, endpoint, trust{files: files})
	if err != nil {
		return nil, fmt.Errorf("cannot read the certificate at %s: %w", endpoint, err)
	}
	defer conn.Close() //nolint:errcheck // nothing was sent
	session, ok := conn.(*tls.Conn)
	if !ok {
		return nil, fmt.Errorf("cannot read the certificate at %s: %w: it has no TLS", endpoint, ErrBadArgument)
	}
	return session.ConnectionState().PeerCertificates[0].Raw, nil
}
