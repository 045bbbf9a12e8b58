package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// ErrPeer is returned when the certificate of a server does not stand for the CA file.
var ErrPeer = errors.New("the certificate of the server is refused")

// Client returns the configuration of a TLS client that presents the certificate and believes the CA
// file, as Open vSwitch's clients do: the chain is verified, the name is not.
func (id Identity) Client() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, // as Open vSwitch 3.5 and later
		// Also if the server names other authorities: it then says itself why it refuses.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &id.pair, nil },
		InsecureSkipVerify:   true, //nolint:gosec // VerifyConnection verifies all but the name
		VerifyConnection:     id.verifyServer,
	}
}

func (id Identity) verifyServer(state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return fmt.Errorf("%w: it presents none", ErrPeer)
	}
	leaf := state.PeerCertificates[0]
	_, err := id.verify(leaf, state.PeerCertificates[1:], time.Now(), x509.ExtKeyUsageServerAuth)
	if err != nil {
		return fmt.Errorf("%w by CA certificate %s: subject %.80q, issuer %.80q: %w", ErrPeer,
			id.files.CACert, leaf.Subject.String(), leaf.Issuer.String(), err)
	}
	return nil
}

// Presents reports whether a certificate in DER is that of the files.
func (id Identity) Presents(certificate []byte) bool {
	return bytes.Equal(id.pair.Leaf.Raw, certificate)
}
