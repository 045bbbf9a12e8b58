package process_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/process"
)

// libraryOfOVN returns the part of ovn-lib that its build fills in, as OVN 23.03 of Debian and OVN's main
// branch have it.
func libraryOfOVN(databases string) string {
	return `# -*- sh -*-
ovn_logdir=${OVN_LOGDIR-'/var/log/ovn'}                 # /var/log/ovn
ovn_rundir=${OVN_RUNDIR-'/var/run/ovn'}                 # /var/run/ovn
ovn_sysconfdir=${OVN_SYSCONFDIR-'/etc'}     # /etc
ovn_etcdir=$ovn_sysconfdir/ovn                      # /etc/ovn
ovn_datadir=${OVN_PKGDATADIR-'/usr/share/ovn'}        # /usr/share/ovn

# /etc/ovn or /var/lib/ovn
if test X"$OVN_DBDIR" != X; then
    ovn_dbdir=$OVN_DBDIR
elif test X"$OVN_SYSCONFDIR" != X; then
    ovn_dbdir=$OVN_SYSCONFDIR/ovn
else
    ovn_dbdir='` + databases + `'
fi

VERSION='23.03.1'
`
}

// system lays out files by name, below a directory.
func system(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const (
	library         = "usr/share/ovn/scripts/ovn-lib"
	settings        = "etc/sysconfig/ovn"
	centralDefaults = "etc/default/ovn-central"
	present         = "present"
)

func TestFreshHostHasTheDirectoriesOfItsPackages(t *testing.T) {
	t.Parallel()
	debian, rhel := libraryOfOVN("/var/lib/ovn"), libraryOfOVN("/etc/ovn")
	for _, test := range []struct {
		name  string
		files map[string]string
		want  process.Layout
	}{
		{
			"Debian and Ubuntu",
			map[string]string{library: debian, centralDefaults: "# OVN_CTL_OPTS=\n", "etc/ovn/key.pem": present},
			process.Layout{RunDir: "var/run/ovn", DatabaseDir: "var/lib/ovn", LogDir: "var/log/ovn"},
		},
		{ // whose package ovn owns both directories
			"RHEL",
			map[string]string{library: rhel, settings: "OVN_USER_ID=\"openvswitch:hugetlbfs\"\n", "var/lib/ovn/x": present, "etc/ovn/x": present},
			process.Layout{RunDir: "var/run/ovn", DatabaseDir: "etc/ovn", LogDir: "var/log/ovn"},
		},
		{
			"RHEL with directories of its own",
			map[string]string{library: rhel, settings: "OVN_DBDIR=/srv/ovn\nOVN_RUNDIR=\"/run/other\"\nOVN_LOGDIR='/srv/log'\n"},
			process.Layout{RunDir: "run/other", DatabaseDir: "srv/ovn", LogDir: "srv/log"},
		},
		{
			"Debian with directories of its own",
			map[string]string{library: debian, centralDefaults: "OVN_DBDIR=/srv/ovn\n"},
			process.Layout{RunDir: "var/run/ovn", DatabaseDir: "srv/ovn", LogDir: "var/log/ovn"},
		},
		{
			"RHEL with databases where Debian has them",
			map[string]string{library: rhel, "var/lib/ovn/ovnsb_db.db": present, "etc/ovn/x": present},
			process.Layout{RunDir: "var/run/ovn", DatabaseDir: "var/lib/ovn", LogDir: "var/log/ovn"},
		},
		{
			"Debian with databases where older packages had them",
			map[string]string{library: debian, "var/lib/ovn/x": present, "etc/ovn/ovnnb_db.db": present},
			process.Layout{RunDir: "var/run/ovn", DatabaseDir: "etc/ovn", LogDir: "var/log/ovn"},
		},
		{
			"a library without directories",
			map[string]string{library: "ovn_dbdir=$OVN_DBDIR\n", "etc/ovn/x": present},
			process.Layout{RunDir: "var/run/ovn", DatabaseDir: "etc/ovn", LogDir: "var/log/ovn"},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			root := system(t, test.files)
			got, err := process.DiscoverLayoutIn(root, process.Layout{})
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range [][2]string{{got.RunDir, test.want.RunDir}, {got.DatabaseDir, test.want.DatabaseDir}, {got.LogDir, test.want.LogDir}} {
				if path[0] != filepath.Join(root, path[1]) {
					t.Errorf("%s, want %s", path[0], path[1])
				}
			}
		})
	}
}

// Root takes no directory from a file that another account can have written, and the file of a package is
// read, not run. That must not keep an action from servers that run, nor from databases that exist.
func TestNewDatabasesHaveNoPlaceByAFileThatIsRefused(t *testing.T) {
	t.Parallel()
	another := system(t, map[string]string{"ovn-lib": libraryOfOVN("/srv/ovn")}) + "/ovn-lib"
	if err := os.Chown(another, 1, -1); err != nil {
		t.Skip(err)
	}
	write := func(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
	for name, spoil := range map[string]func(path string) error{
		"writable by others":         func(path string) error { return os.Chmod(path, 0o666) },
		"of another account":         func(path string) error { return os.Chown(path, 1, -1) },
		"a directory":                func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o755)) },
		"a relative directory":       func(path string) error { return write(path, "ovn_dbdir='lib/ovn'\n") },
		"a directory to be expanded": func(path string) error { return write(path, "ovn_dbdir='/var/$(id)'\n") },
		"a line without an end":      func(path string) error { return write(path, strings.Repeat("x", 1<<17)) },
		"link to another's file":     func(path string) error { return errors.Join(os.Remove(path), os.Symlink(another, path)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := system(t, map[string]string{library: libraryOfOVN("/srv/ovn")})
			if err := spoil(filepath.Join(root, library)); err != nil {
				t.Fatal(err)
			}
			if got, err := process.DiscoverLayoutIn(root, process.Layout{}); err == nil || !strings.Contains(err.Error(), "ovn_dbdir") {
				t.Errorf("%+v, %v", got, err)
			}
			got, err := process.DiscoverLayoutIn(root, process.Layout{DatabaseDir: "/srv/db"})
			if err != nil || got.RunDir != filepath.Join(root, "var/run/ovn") {
				t.Errorf("with a database directory: %+v, %v", got, err)
			}
			if err := os.MkdirAll(filepath.Join(root, "etc/ovn/ovnnb_db.db"), 0o755); err != nil {
				t.Fatal(err)
			}
			if got, err := process.DiscoverLayoutIn(root, process.Layout{}); err != nil || got.DatabaseDir != filepath.Join(root, "etc/ovn") {
				t.Errorf("with databases: %+v, %v", got, err)
			}
		})
	}
}

// From a RHEL whose former ovn-northd.service kept databases elsewhere than the shell agent.
func TestAmbiguousLayoutNamesTheCopyThatWasWrittenLast(t *testing.T) {
	t.Parallel()
	root := tree(t, "etc/ovn/ovnnb_db.db", "etc/ovn/ovnsb_db.db", "var/lib/ovn/ovnnb_db.db")
	at := func(name string, day int) {
		t.Helper()
		when := time.Date(2026, 3, day, 4, 5, 6, 0, time.UTC)
		if err := os.Chtimes(filepath.Join(root, name), when, when); err != nil {
			t.Fatal(err)
		}
	}
	at("etc/ovn/ovnnb_db.db", 3)
	at("etc/ovn/ovnsb_db.db", 1)
	at("var/lib/ovn/ovnnb_db.db", 2)
	_, err := process.DiscoverLayoutIn(root, process.Layout{})
	older := filepath.Join(root, "var/lib/ovn/ovnnb_db.db")
	for _, want := range []string{
		filepath.Join(root, "etc/ovn") + " was written last", "2026-03-03T04:05:06Z", older + ", written 2026-03-02T04:05:06Z", "(mv " + older + " /root/)", "ovn_dbdir",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\ndoes not say %s", err, want)
		}
	}
	for _, name := range []string{"etc/ovn/ovnnb_db.db", "etc/ovn/ovnsb_db.db", "var/lib/ovn/ovnnb_db.db"} {
		at(name, 5)
	}
	if _, err := process.DiscoverLayoutIn(root, process.Layout{}); err == nil || !strings.Contains(err.Error(), "neither is newer") {
		t.Error(err)
	}
}

func TestDatabasesInADirectoryOfThePackagesOwnAreAmbiguousAsWell(t *testing.T) {
	t.Parallel()
	root := system(t, map[string]string{library: libraryOfOVN("/srv/ovn"), "srv/ovn/ovnnb_db.db": present, "etc/ovn/ovnsb_db.db": present})
	if _, err := process.DiscoverLayoutIn(root, process.Layout{}); !errors.Is(err, process.ErrAmbiguousLayout) {
		t.Error(err)
	}
}
