package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/process"
)

// tree makes directories (names with a slash at their end) and empty files.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		path := filepath.Join(root, name)
		directory := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			directory = path
		}
		if err := os.MkdirAll(directory, 0o755); err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

func TestDatabaseDirectoryIsTheOneThatHoldsADatabase(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		files []string
		want  string
	}{
		{"nothing exists", nil, "var/lib/ovn"},
		{"only the newer exists", []string{"var/lib/ovn/"}, "var/lib/ovn"},
		{"only the older exists", []string{"etc/ovn/"}, "etc/ovn"},
		{"both exist, empty", []string{"etc/ovn/", "var/lib/ovn/"}, "var/lib/ovn"},
		{"northbound in the older", []string{"etc/ovn/ovnnb_db.db", "var/lib/ovn/"}, "etc/ovn"},
		{"southbound in the older", []string{"etc/ovn/ovnsb_db.db", "var/lib/ovn/"}, "etc/ovn"},
		{"databases in the newer", []string{"etc/ovn/key.pem", "var/lib/ovn/ovnsb_db.db"}, "var/lib/ovn"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := tree(t, test.files...)
			got, err := process.DiscoverLayoutIn(root, process.Layout{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(filepath.Join(root, test.want), got.DatabaseDir); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDirectoryOfAPairOfDatabasesIsNotThatOfAnother(t *testing.T) {
	t.Parallel()
	root := tree(t, "etc/ovn/ovn_ic_sb_db.db", "var/lib/ovn/ovnnb_db.db", "usr/local/share/ovn/ovn-ic-nb.ovsschema", "usr/share/ovn/ovn-nb.ovsschema")
	got, err := process.DiscoverLayoutIn(root, process.Layout{Pair: process.PairInterconnect})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"etc/ovn/ovn_ic_nb_db.db", "usr/local/share/ovn/ovn-ic-sb.ovsschema", "var/run/ovn/ovn_ic_sb_db.ctl", "var/log/ovn/ovsdb-server-ic-nb.log",
	}
	files := []string{got.Northbound().Database, got.Southbound().Schema, got.Southbound().ControlSocket, got.Northbound().LogFile}
	for i, file := range files {
		if file != filepath.Join(root, want[i]) {
			t.Errorf("%s, want %s", file, want[i])
		}
	}
}

func TestDatabasesInBothDirectoriesAreAnErrorThatNamesBoth(t *testing.T) {
	t.Parallel()
	for _, older := range []string{"etc/ovn/ovnnb_db.db", "etc/ovn/ovnsb_db.db"} {
		root := tree(t, older, "var/lib/ovn/ovnnb_db.db")
		_, err := process.DiscoverLayoutIn(root, process.Layout{})
		if !errors.Is(err, process.ErrAmbiguousLayout) {
			t.Fatalf("got %v", err)
		}
		for _, name := range []string{older, "var/lib/ovn/ovnnb_db.db"} {
			if !strings.Contains(err.Error(), filepath.Join(root, name)) {
				t.Errorf("%q does not name %s", err, name)
			}
		}
		want := filepath.Join(root, "chosen")
		got, err := process.DiscoverLayoutIn(root, process.Layout{DatabaseDir: want})
		if err != nil || got.DatabaseDir != want {
			t.Errorf("named directory: got %q, %v", got.DatabaseDir, err)
		}
	}
}

func TestOneDatabaseDirectoryUnderTwoNamesIsNotAmbiguous(t *testing.T) {
	t.Parallel()
	root := tree(t, "etc/ovn/ovnnb_db.db", "var/lib/")
	if err := os.Symlink("../../etc/ovn", filepath.Join(root, "var/lib/ovn")); err != nil {
		t.Fatal(err)
	}
	if _, err := process.DiscoverLayoutIn(root, process.Layout{}); err != nil {
		t.Error(err)
	}
}

func TestLocalSchemasAreFoundWhereNonePackaged(t *testing.T) {
	t.Parallel()
	for want, files := range map[string][]string{
		"usr/share/ovn":       nil,
		"usr/local/share/ovn": {"usr/share/ovn/scripts/ovn-ctl", "usr/local/share/ovn/ovn-nb.ovsschema"},
	} {
		root := tree(t, files...)
		got, err := process.DiscoverLayoutIn(root, process.Layout{})
		if err != nil || got.SchemaDir != filepath.Join(root, want) {
			t.Errorf("got %q, %v, want %s", got.SchemaDir, err, want)
		}
	}
}

func TestRelativeDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	for _, override := range []process.Layout{{RunDir: "a"}, {DatabaseDir: "a"}, {LogDir: "a"}, {SchemaDir: "a"}} {
		if _, err := process.DiscoverLayout(override); err == nil {
			t.Errorf("accepted %+v", override)
		}
	}
}

func TestServerFilesHaveTheNamesOfOVN(t *testing.T) {
	t.Parallel()
	layout := process.Layout{RunDir: "/run/ovn", DatabaseDir: "/db", LogDir: "/log", SchemaDir: "/schema"}
	want := []process.ServerFiles{
		{"/run/ovn/ovnnb_db.pid", "/run/ovn/ovnnb_db.ctl", "/run/ovn/ovnnb_db.sock", "/log/ovsdb-server-nb.log", "/db/ovnnb_db.db", "/schema/ovn-nb.ovsschema"},
		{"/run/ovn/ovnsb_db.pid", "/run/ovn/ovnsb_db.ctl", "/run/ovn/ovnsb_db.sock", "/log/ovsdb-server-sb.log", "/db/ovnsb_db.db", "/schema/ovn-sb.ovsschema"},
	}
	if diff := cmp.Diff(want, []process.ServerFiles{layout.Northbound(), layout.Southbound()}); diff != "" {
		t.Error(diff)
	}
}

func TestLookupOwner(t *testing.T) {
	t.Parallel()
	own := process.Owner{UID: os.Geteuid(), GID: os.Getegid()}
	for spec, want := range map[string]process.Owner{
		"":            own,
		"root":        {Name: "root", Groups: []uint32{0}},
		"root:":       {Name: "root:", Groups: []uint32{0}},
		"daemon:root": {Name: "daemon:root", UID: 1, Groups: []uint32{1, 0}},
		":daemon":     {Name: ":daemon", UID: own.UID, GID: 1, Groups: []uint32{1}},
		"1:64998":     {Name: "1:64998", UID: 1, GID: 64998, Groups: []uint32{1, 64998}},
		"64999:1":     {Name: "64999:1", UID: 64999, GID: 1, Groups: []uint32{1}},
	} {
		got, err := process.LookupOwner(spec)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", spec, err, diff)
		}
	}
	for _, spec := range []string{"no-such-user", "root:no-such-group", "a:b:c", "64999", "4294967295:1", "-1:1", "1:-1"} {
		if got, err := process.LookupOwner(spec); err == nil {
			t.Errorf("%q: got %+v", spec, got)
		}
	}
}
