package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ovndb-servers/pkg/process"
)

func TestPrepareCreatesMissingDirectoriesForTheAccountAndChangesNothingElse(t *testing.T) {
	t.Parallel()
	owner := account(t)
	root := openDirectory(t)
	layout := process.Layout{
		RunDir: filepath.Join(root, "run/ovn"), DatabaseDir: filepath.Join(root, "db"), LogDir: filepath.Join(root, "log"),
		SchemaDir: filepath.Join(root, "schema"),
	}
	if err := errors.Join(os.Mkdir(layout.DatabaseDir, 0o700), os.Chown(layout.DatabaseDir, owner.UID, owner.GID)); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(layout.DatabaseDir, "of root's")
	if err := os.WriteFile(kept, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := layout.Prepare(owner); err != nil {
			t.Fatal(err)
		}
	}
	wantOwner(t, process.Owner{}, kept)
	wantOwner(t, owner, layout.RunDir)
	wantOwner(t, owner, layout.LogDir)
	for path, want := range map[string]os.FileMode{
		layout.RunDir: 0o755, layout.LogDir: 0o755, layout.DatabaseDir: 0o700, filepath.Dir(layout.RunDir): 0o755,
	} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v (%v)", path, info.Mode(), want, err)
		}
	}
	if info, err := os.Stat(filepath.Dir(layout.RunDir)); err != nil || !info.IsDir() {
		t.Error(err)
	}
	if _, err := os.Stat(layout.SchemaDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the schemas' directory: %v", err)
	}
}

// directoryOf makes a directory of an account.
func directoryOf(t *testing.T, path string, uid, gid int, mode os.FileMode) string {
	t.Helper()
	if err := errors.Join(os.Mkdir(path, 0o700), os.Chown(path, uid, gid), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrepareRefusesDirectoriesThatCannotBeTheServers(t *testing.T) {
	t.Parallel()
	owner := account(t)
	root := openDirectory(t)
	in := func(name string) string { return filepath.Join(root, name) }
	own := directoryOf(t, in("own"), owner.UID, owner.GID, 0o755)
	nested := directoryOf(t, in("own/nested"), 0, 0, 0o755)
	if err := errors.Join(os.WriteFile(in("file"), nil, 0o600), os.Symlink("/etc", in("link"))); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		directory string
		owner     process.Owner
		says      string // empty: it is accepted
	}{
		{own, owner, ""},
		{directoryOf(t, in("group"), 0, owner.GID, 0o775), owner, ""},
		{"/etc", owner, "whole system"},
		{"/etc", process.Owner{}, "whole system"},
		{"/var/run/", owner, "whole system"},
		{in("link"), owner, "whole system"},
		{in("file"), owner, "no directory"},
		{directoryOf(t, in("root"), 0, 0, 0o755), owner, "chown -R 64999:64998"},
		{directoryOf(t, in("other"), 64997, 64997, 0o775), owner, "belongs to user 64997"},
		{own, process.Owner{}, "belongs to user 64999"},
		{directoryOf(t, in("all"), owner.UID, owner.GID, 0o777), owner, "every user"},
		{filepath.Join(own, "new"), owner, "is not root's"},
		{filepath.Join(own, "above", "new"), owner, "is not root's"},
		{filepath.Join(nested, "new"), owner, "is not root's"},
	} {
		layout := process.Layout{RunDir: own, DatabaseDir: test.directory, LogDir: own}
		if test.owner.Name == "" {
			layout.RunDir, layout.LogDir = in("run"), in("log")
		}
		for _, judge := range []func(process.Owner) error{layout.Check, layout.Prepare} {
			wantRefusal(t, judge(test.owner), test.directory, test.says)
		}
	}
	for _, path := range []string{"new", "above", "nested/new"} {
		if _, err := os.Stat(filepath.Join(own, path)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s was created: %v", path, err)
		}
	}
}

// wantRefusal fails the test unless a directory was refused with a reason, or accepted if that is
// empty.
func wantRefusal(t *testing.T, err error, directory, reason string) {
	t.Helper()
	if reason == "" {
		if err != nil {
			t.Errorf("%s: %v", directory, err)
		}
		return
	}
	if !errors.Is(err, process.ErrDirectoryRefused) || !strings.Contains(err.Error(), reason) || !strings.Contains(err.Error(), directory) {
		t.Errorf("%s: got %v, want %q", directory, err, reason)
	}
}
