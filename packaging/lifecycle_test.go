package packaging

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
)

// releases are the Debian releases whose ovn-common the package is installed beside. That of sid
// changes with the archive.
func releases() []cluster.Suite {
	all := []cluster.Suite{cluster.Bookworm, cluster.Trixie}
	if os.Getenv("LONG") != "" {
		all = append(all, cluster.Sid)
	}
	return all
}

// TestPackageBesideOVNCommonOfTheArchive installs, upgrades, removes and purges the package by apt, beside
// the ovn-common that the release has.
func TestPackageBesideOVNCommonOfTheArchive(t *testing.T) {
	t.Parallel()
	for _, release := range releases() {
		t.Run(string(release), func(t *testing.T) {
			deb := nativeDeb(t)
			older := olderDeb(t, deb)
			t.Parallel()
			c := newContainer(t, release, deb)
			c.copy(t, older, "/srv/older.deb")
			c.must(t, "apt-get install --quiet --no-install-recommends ovn-common")
			before := c.files(t)

			c.must(t, "apt-get install --quiet --no-install-recommends /srv/older.deb")
			c.wantOurs(t, "after the installation")
			c.must(t, "echo '# changed by the operator' >>/etc/logrotate.d/ovndb-servers")
			c.must(t, "apt-get install --quiet --no-install-recommends ./*.deb")
			c.wantOurs(t, "after the upgrade")
			if version := c.must(t, "dpkg-query --show --showformat '${Version}' ovndb-servers"); version == olderVersion {
				t.Errorf("the version is %s after the upgrade", version)
			}
			if _, kept := c.shell(t, "grep -q 'changed by the operator' /etc/logrotate.d/ovndb-servers"); !kept {
				t.Error("the upgrade has replaced a configuration file that was changed")
			}
			c.must(t, "apt-get install --quiet --reinstall ovn-common")
			c.wantOurs(t, "after ovn-common was installed again")

			c.must(t, `install -D /dev/null /var/lib/ovndb-servers/ovn/snapshots/1.db
				echo lines >/var/log/ovndb-servers/ovn.log`)
			state := []string{
				"/var/lib/ovndb-servers", "/var/lib/ovndb-servers/ovn", "/var/lib/ovndb-servers/ovn/snapshots",
				"/var/lib/ovndb-servers/ovn/snapshots/1.db",
			}
			c.must(t, "apt-get remove --quiet ovndb-servers")
			c.wantFiles(t, "after the removal", before, append(state,
				"/etc/logrotate.d/ovndb-servers", "/var/log/ovndb-servers", "/var/log/ovndb-servers/ovn.log")...)
			c.must(t, "apt-get purge --quiet ovndb-servers")
			c.wantFiles(t, "after the purge", before, state...)
			c.must(t, "apt-get install --quiet --no-install-recommends ./*.deb")
			c.wantOurs(t, "after it was installed again")
			c.must(t, "rm -r /var/lib/ovndb-servers/ovn && apt-get purge --quiet ovndb-servers")
			c.wantFiles(t, "after a purge without snapshots", before)
			if diversions := c.must(t, "dpkg-divert --list '*ovndb-servers*'"); diversions != "" {
				t.Errorf("after the purge there are diversions:\n%s", diversions)
			}
		})
	}
}

// olderVersion is lower than that of any package.
const olderVersion = "0.0.0~older-1"

// olderDeb returns the package with olderVersion.
func olderDeb(t *testing.T, deb string) string {
	t.Helper()
	tree, file := filepath.Join(t.TempDir(), "tree"), filepath.Join(t.TempDir(), "older.deb")
	mustRun(t, "dpkg-deb", "--raw-extract", deb, tree)
	mustRun(t, "sed", "-i", "s/^Version: .*/Version: "+olderVersion+"/", filepath.Join(tree, "DEBIAN/control"))
	mustRun(t, "dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, file)
	return file
}

// wantOurs checks that the agent is this program, runs, and that each installed file is as its package has it.
func (c container) wantOurs(t *testing.T, when string) {
	t.Helper()
	if agent := c.must(t, "readlink --canonicalize /"+agentLink); strings.TrimSpace(agent) != "/usr/sbin/ovndb-servers" {
		t.Errorf("%s, the agent is %s, want this program", when, agent)
	}
	if data := c.must(t, "OCF_ROOT=/usr/lib/ocf /"+agentLink+" meta-data"); !strings.Contains(data, `<resource-agent name="ovndb-servers"`) {
		t.Errorf("%s, the agent's meta-data is\n%s", when, data)
	}
	if different := c.must(t, "dpkg --verify ovn-common"); different != "" {
		t.Errorf("%s, files of ovn-common differ:\n%s", when, different)
	}
}

// files lists the files of the system with the targets of links and with sizes, but not those in which apt and dpkg
// keep their state. Names contain ovn or ovs: other packages' caches and logs are not looked at.
func (c container) files(t *testing.T) []string {
	t.Helper()
	list := c.must(t, `find / -xdev \( -path /proc -o -path /sys -o -path /srv -o -path /var/lib/dpkg -o -path /var/cache -o -path /var/lib/apt \) -prune \
		-o -path '*ov[ns]*' ! -type d -printf '%p %l %s\n' -o -path '*ov[ns]*' -type d -printf '%p\n'`)
	return strings.Split(strings.TrimSpace(list), "\n")
}

// wantFiles checks that the files are those of before, and those that stay.
func (c container) wantFiles(t *testing.T, when string, before []string, staying ...string) {
	t.Helper()
	after := c.files(t)
	for _, line := range before {
		if !slices.Contains(after, line) {
			t.Errorf("%s, there is no more: %s", when, line)
		}
	}
	for _, line := range after {
		path, _, _ := strings.Cut(line, " ")
		if !slices.Contains(before, line) && !slices.Contains(staying, path) {
			t.Errorf("%s, there is still: %s", when, line)
		}
	}
	for _, path := range staying {
		if !slices.ContainsFunc(after, func(line string) bool { return line == path || strings.HasPrefix(line, path+" ") }) {
			t.Errorf("%s, there is no more: %s", when, path)
		}
	}
}
