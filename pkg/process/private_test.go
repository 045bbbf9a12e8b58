package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/process"
)

func TestPrivateDirectoryIsThisProcessesAlone(t *testing.T) {
	t.Parallel()
	owner := account(t)
	root := openDirectory(t)
	in := func(name string) string { return filepath.Join(root, name) }
	err := errors.Join(
		os.Mkdir(in("own"), 0o755), os.Mkdir(in("group"), 0o700), os.Chmod(in("group"), 0o770),
		os.Mkdir(in("account"), 0o755), os.Mkdir(in("account/nested"), 0o700), os.Chown(in("account"), owner.UID, owner.GID),
		os.WriteFile(in("file"), nil, 0o600), os.Symlink("own", in("link")),
	)
	if err != nil {
		t.Fatal(err)
	}
	for path, says := range map[string]string{
		"own": "", "above/new": "",
		"group": "chmod go-w", "account": "belongs to user 64999", "account/nested": "account, below which",
		"account/new": "below which", "file": "no directory", "link": "no directory",
	} {
		for _, judge := range []func(string) error{process.CheckPrivate, process.CreatePrivate} {
			wantRefusal(t, judge(in(path)), in(path), says)
		}
		if info, err := os.Stat(in(path)); says == "" && (err != nil || info.Mode().Perm() != 0o700) {
			t.Errorf("%s: mode %v, %v", path, info.Mode(), err)
		}
	}
	if _, err := os.Stat(in("account/new")); err == nil {
		t.Error("it was created in a directory of the account's")
	}
}
