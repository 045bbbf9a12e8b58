package pki_test

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/pki/pkitest"
)

func verdict(files pki.Files, now time.Time) error {
	identity, err := files.Load()
	if err == nil {
		err = identity.Check(now)
	}
	return err
}

// TestFilesThatCannotServeAreRefusedWithTheFileAndTheMendingCommand starts from files that serve, and
// breaks them in one way each.
func TestFilesThatCannotServeAreRefusedWithTheFileAndTheMendingCommand(t *testing.T) {
	t.Parallel()
	authority, other := pkitest.New(t, "authority"), pkitest.New(t, "other")
	between := authority.Below(t, "between")
	chmod := func(mode os.FileMode) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			t.Helper()
			must(t, os.Chmod(path, mode))
		}
	}
	content := func(text []byte) func(*testing.T, string) {
		return func(t *testing.T, path string) { t.Helper(); pkitest.Write(t, path, text, 0o600) }
	}
	key := func(f pki.Files) string { return f.PrivateKey }
	certificate := func(f pki.Files) string { return f.Certificate }
	authorities := func(f pki.Files) string { return f.CACert }
	for _, tt := range []struct {
		name string
		file func(pki.Files) string
		make func(*testing.T, string)
		says string
		// later is when the files are checked.
		later time.Duration
	}{
		{"key that every user may read", key, chmod(0o604), "chmod o-rwx ", 0},
		{"certificate that every user may change", certificate, chmod(0o646), "chmod o-w ", 0},
		{"no file", certificate, remove, "ls -lL ", 0},
		{"FIFO, on which nothing waits", key, fifo, "no regular file", 0},
		{"directory", authorities, directory, "no regular file", 0},
		{"file without end", authorities, func(t *testing.T, path string) { t.Helper(); must(t, os.Truncate(path, 1<<40)) }, "larger than", 0},
		{"no certificate in it", certificate, content([]byte("secret text")), "no certificate", 0},
		{"key of another certificate", key, content(authority.Sign(t, "other").PrivateKey), "openssl pkey", 0},
		{"certificate of another authority", authorities, content(other.PEM()), "openssl verify", 0},
		{"no root in the CA file", authorities, content(between.PEM()), "add that of the root", 0},
		{"not valid yet", certificate, nil, "not valid before", -2 * time.Hour},
		{"expired", certificate, nil, "expired on", 366 * 24 * time.Hour},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files, now := authority.Files(t, "node"), time.Now()
			if err := verdict(files, now); err != nil {
				t.Fatalf("refused before: %v", err)
			}
			if tt.make != nil {
				tt.make(t, tt.file(files))
			}
			err := verdict(files, now.Add(tt.later))
			if !errors.Is(err, pki.ErrRefused) {
				t.Fatalf("got %v", err)
			}
			for _, part := range []string{tt.says, tt.file(files)} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in: %v", part, err)
				}
			}
			if strings.Contains(err.Error(), "secret") {
				t.Errorf("shows what is in the file: %v", err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	must(t, os.Remove(path))
}

func directory(t *testing.T, path string) {
	t.Helper()
	remove(t, path)
	must(t, os.Mkdir(path, 0o755))
}

func fifo(t *testing.T, path string) {
	t.Helper()
	remove(t, path)
	must(t, unix.Mkfifo(path, 0o600))
}

func TestChainOverAnAuthorityInBetweenServesAndExpiresWithItsFirstCertificate(t *testing.T) {
	t.Parallel()
	root := pkitest.New(t, "root")
	between := root.Below(t, "between")
	files := between.Files(t, "node", pkitest.Valid(-time.Hour, 240*time.Hour))
	pkitest.Write(t, files.CACert, append(between.PEM(), root.PEM()...), 0o644)
	now := time.Now()
	identity, err := files.Load()
	if err == nil {
		err = identity.Check(now)
	}
	if err != nil {
		t.Fatal(err)
	}
	if left := identity.Expires(now).Sub(now); left > 240*time.Hour || left < 239*time.Hour {
		t.Errorf("expires in %s", left)
	}
}
