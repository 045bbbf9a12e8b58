package pki_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/pki/pkitest"
)

// FuzzLoad reads files of any content. The certificate is given without PEM as well, as a change of
// its base64 rarely leaves it a certificate.
func FuzzLoad(f *testing.F) {
	authority := pkitest.New(f, "authority")
	content := authority.Sign(f, "server")
	block, _ := pem.Decode(content.Certificate)
	f.Add(content.PrivateKey, content.Certificate, block.Bytes, authority.PEM())
	f.Add([]byte("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"), []byte("-----BEGIN CERTIFICATE-----\n"), []byte{0x30, 0x80}, content.Certificate)
	directory := f.TempDir()
	files := pki.Files{
		PrivateKey: filepath.Join(directory, "key"), Certificate: filepath.Join(directory, "certificate"), CACert: filepath.Join(directory, "ca"),
	}
	f.Fuzz(func(t *testing.T, key, certificate, der, ca []byte) {
		for _, certificate := range [][]byte{certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})} {
			for path, text := range map[string][]byte{files.PrivateKey: key, files.Certificate: certificate, files.CACert: ca} {
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			identity, err := files.Load()
			if err == nil {
				err = identity.Check(time.Now())
			}
			if err != nil && !errors.Is(err, pki.ErrRefused) {
				t.Errorf("unclassified error: %v", err)
			}
			for line := range bytes.Lines(key) {
				if line = bytes.TrimSpace(line); err != nil && len(line) > 40 && strings.Contains(err.Error(), string(line)) {
					t.Errorf("the error shows the key: %v", err)
				}
			}
		}
	})
}
