// Package pkitest makes authorities and certificates for tests.
package pkitest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ovndb-servers/pkg/pki"
)

// An Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// New returns an authority that has signed itself.
func New(tb testing.TB, name string) *Authority {
	tb.Helper()
	key := newKey(tb)
	template := newTemplate(tb, name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	return &Authority{certificate: sign(tb, template, template, key, key), key: key}
}

// Below returns an authority that this one has signed.
func (a *Authority) Below(tb testing.TB, name string) *Authority {
	tb.Helper()
	key := newKey(tb)
	template := newTemplate(tb, name)
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	return &Authority{certificate: sign(tb, template, a.certificate, key, a.key), key: key}
}

// PEM returns the certificate of the authority.
func (a *Authority) PEM() []byte { return block("CERTIFICATE", a.certificate.Raw) }

// A Change makes a certificate another one than usual.
type Change func(*x509.Certificate)

// Valid sets from when to when a certificate is valid, from now on.
func Valid(from, until time.Duration) Change {
	return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = time.Now().Add(from), time.Now().Add(until) }
}

// Content is a private key and its certificate in PEM.
type Content struct{ PrivateKey, Certificate []byte }

// Sign returns a new key with a certificate for it.
func (a *Authority) Sign(tb testing.TB, name string, changes ...Change) Content {
	tb.Helper()
	key := newKey(tb)
	template := newTemplate(tb, name)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for _, change := range changes {
		change(template)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		tb.Fatal(err)
	}
	return Content{
		PrivateKey:  block("PRIVATE KEY", der),
		Certificate: block("CERTIFICATE", sign(tb, template, a.certificate, key, a.key).Raw),
	}
}

// Files returns the files of a new key and its certificate, in a directory of their own, with the
// authority's certificate.
func (a *Authority) Files(tb testing.TB, name string, changes ...Change) pki.Files {
	tb.Helper()
	directory := tb.TempDir()
	if err := os.Chmod(directory, 0o755); err != nil {
		tb.Fatal(err)
	}
	files := pki.Files{
		PrivateKey: filepath.Join(directory, "key.pem"), Certificate: filepath.Join(directory, "cert.pem"),
		CACert: filepath.Join(directory, "ca.pem"),
	}
	Write(tb, files.CACert, a.PEM(), 0o644)
	a.Renew(tb, files, name, changes...)
	return files
}

// Renew replaces certificate and key, in the order in which a server reads both again.
func (a *Authority) Renew(tb testing.TB, files pki.Files, name string, changes ...Change) {
	tb.Helper()
	content := a.Sign(tb, name, changes...)
	Write(tb, files.Certificate, content.Certificate, 0o644)
	Write(tb, files.PrivateKey, content.PrivateKey, 0o600)
}

// Write replaces a file as a whole.
func Write(tb testing.TB, path string, content []byte, mode os.FileMode) {
	tb.Helper()
	next := path + ".new"
	if err := os.WriteFile(next, content, mode); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(next, path); err != nil {
		tb.Fatal(err)
	}
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func newTemplate(tb testing.TB, name string) *x509.Certificate {
	tb.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		tb.Fatal(err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
	}
}

func sign(tb testing.TB, template, parent *x509.Certificate, key, parentKey *ecdsa.PrivateKey) *x509.Certificate {
	tb.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		tb.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		tb.Fatal(err)
	}
	return certificate
}

func block(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
