package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// Files are the paths of a server's PEM files. The zero value is for a server without TLS.
type Files struct {
	PrivateKey, Certificate, CACert string
}

// Given reports whether there are files.
func (f Files) Given() bool { return f != Files{} }

// Paths returns the paths of the files: private key, certificate, CA certificate.
func (f Files) Paths() []string { return []string{f.PrivateKey, f.Certificate, f.CACert} }

// An Identity is the content of [Files]: how this node proves who it is, and whom it believes.
type Identity struct {
	files Files
	pair  tls.Certificate
	// roots are the self-signed certificates of the CA file, others the rest. OpenSSL, as Open
	// vSwitch uses it, wants every chain to end in one of the former.
	roots, others *x509.CertPool
}

// Load reads the files. The error is [ErrRefused].
func (f Files) Load() (Identity, error) {
	id := Identity{files: f}
	key, err := read(f.PrivateKey, true)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot use private key %s: %w", f.PrivateKey, err)
	}
	certificate, err := read(f.Certificate, false)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot use certificate %s: %w", f.Certificate, err)
	}
	if id.pair, err = pair(f, certificate, key); err != nil {
		return Identity{}, err
	}
	authorities, err := read(f.CACert, false)
	if err != nil {
		return Identity{}, fmt.Errorf("cannot use CA certificate %s: %w", f.CACert, err)
	}
	if id.roots, id.others, err = pools(authorities); err != nil {
		return Identity{}, fmt.Errorf("cannot use CA certificate %s: %w", f.CACert, err)
	}
	return id, nil
}

// pair joins certificate and key. Open vSwitch presents the first certificate of the file alone.
func pair(f Files, certificate, key []byte) (tls.Certificate, error) {
	certificates, err := parse(certificate)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("cannot use certificate %s: %w", f.Certificate, err)
	}
	first := pem.EncodeToMemory(&pem.Block{Type: certificateBlock, Bytes: certificates[0].Raw})
	pair, err := tls.X509KeyPair(first, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("%w: private key and certificate do not belong together: %s, %s: %w; compare: %s; %s", ErrRefused,
			f.PrivateKey, f.Certificate, err,
			"openssl pkey -pubout -in "+f.PrivateKey, "openssl x509 -noout -pubkey -in "+f.Certificate)
	}
	pair.Leaf = certificates[0]
	return pair, nil
}

func pools(authorities []byte) (roots, others *x509.CertPool, err error) {
	certificates, err := parse(authorities)
	if err != nil {
		return nil, nil, err
	}
	roots, others = x509.NewCertPool(), x509.NewCertPool()
	found := false
	for _, certificate := range certificates {
		if bytes.Equal(certificate.RawIssuer, certificate.RawSubject) {
			roots.AddCert(certificate)
			found = true
		} else {
			others.AddCert(certificate)
		}
	}
	if !found {
		return nil, nil, fmt.Errorf("%w: no certificate in it is self-signed, and the servers accept no other root: add that of the root", ErrRefused)
	}
	return roots, others, nil
}

const certificateBlock = "CERTIFICATE"

// parse returns the certificates of a PEM file, of which there is one at least.
func parse(text []byte) (certificates []*x509.Certificate, err error) {
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != certificateBlock {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%w: it cannot be parsed: %w", ErrRefused, err)
		}
		certificates = append(certificates, certificate)
	}
	if len(certificates) == 0 {
		return nil, fmt.Errorf("%w: it holds no certificate in PEM", ErrRefused)
	}
	return certificates, nil
}

// ErrRefused is returned when files cannot serve for TLS.
var ErrRefused = errors.New("refused")
