package pki

import (
	"crypto/x509"
	"fmt"
	"time"
)

// Check reports whether the files serve for TLS at a time: the certificate is valid, and its chain
// leads to a root of the CA file. The error is [ErrRefused].
func (id Identity) Check(now time.Time) error {
	leaf := id.pair.Leaf
	const day = "2006-01-02 15:04:05 MST"
	switch {
	case now.Before(leaf.NotBefore):
		return fmt.Errorf("%w: certificate %s is not valid before %s, and it is %s here; see: date, and: openssl x509 -noout -dates -in %s",
			ErrRefused, id.files.Certificate, leaf.NotBefore.Format(day), now.UTC().Format(day), id.files.Certificate)
	case now.After(leaf.NotAfter):
		return fmt.Errorf("%w: certificate %s expired on %s; %s", ErrRefused, id.files.Certificate, leaf.NotAfter.Format(day), id.renew())
	}
	// A server presents its certificate to clients, and to the server that it replicates from.
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if _, err := id.verify(leaf, nil, now, usage); err != nil {
			return fmt.Errorf("%w: certificate %s does not stand for CA certificate %s: %w; see: openssl verify -CAfile %s %s", ErrRefused,
				id.files.Certificate, id.files.CACert, err, id.files.CACert, id.files.Certificate)
		}
	}
	return nil
}

// renew is how a certificate is replaced while the server runs. It reads certificate and key when the
// key file has changed since (stream_ssl_set_key_and_cert in lib/stream-ssl.c of Open vSwitch).
func (id Identity) renew() string {
	return "renew it: put the new certificate there, then the key, and: touch " + id.files.PrivateKey
}

// Expires returns until when the certificate and its chain are valid at the longest.
func (id Identity) Expires(now time.Time) time.Time {
	earliest := id.pair.Leaf.NotAfter
	chains, err := id.verify(id.pair.Leaf, nil, now, x509.ExtKeyUsageAny)
	if err != nil {
		return earliest
	}
	latest := time.Time{}
	for _, chain := range chains {
		if until := validUntil(chain); until.After(latest) {
			latest = until
		}
	}
	return latest
}

func validUntil(chain []*x509.Certificate) time.Time {
	until := chain[0].NotAfter
	for _, certificate := range chain {
		if certificate.NotAfter.Before(until) {
			until = certificate.NotAfter
		}
	}
	return until
}

// verify returns the chains that lead from a certificate to a root.
func (id Identity) verify(
	leaf *x509.Certificate, presented []*x509.Certificate, now time.Time, usage x509.ExtKeyUsage,
) ([][]*x509.Certificate, error) {
	between := id.others.Clone()
	for _, certificate := range presented {
		between.AddCert(certificate)
	}
	return leaf.Verify(x509.VerifyOptions{
		Roots: id.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage},
	})
}
