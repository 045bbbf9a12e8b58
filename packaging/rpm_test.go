package packaging

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
)

// TestRPMInstallsUpgradesAndLeaves runs rpm on a Debian system: it has the scripts and files of the package to deal
// with as on any other. What the package recommends is not there. Without plugins, one of which needs
// a capability that the container lacks.
func TestRPMInstallsUpgradesAndLeaves(t *testing.T) {
	rpm := nativeRPM(t, packages(t, "rpm"))
	older := olderRPM(t)
	t.Parallel()
	c := newContainer(t, cluster.Trixie, rpm)
	c.copy(t, older, "/srv/older.rpm")
	c.must(t, "apt-get install --quiet --no-install-recommends rpm procps && rpm --initdb")
	before := c.files(t)

	c.must(t, "rpm --install --noplugins --nosignature --nodeps /srv/older.rpm")
	c.wantAgentOfRPM(t, "after the installation")
	c.must(t, "echo '# changed by the operator' >>/etc/logrotate.d/ovndb-servers")
	c.must(t, `mkdir -p /run/ovndb-servers/ovn && cp /bin/sleep /srv/ovndb-servers && { /srv/ovndb-servers 1800 & } &&
		echo $! >/run/ovndb-servers/ovn/supervisor.pid`)
	c.must(t, "rpm --upgrade --noplugins --nosignature --nodeps ./*.rpm")
	c.wantAgentOfRPM(t, "after the upgrade")
	if version := c.must(t, "rpm --query ovndb-servers"); strings.Contains(version, "older") {
		t.Errorf("after the upgrade, the package is %s", version)
	}
	if _, kept := c.shell(t, "grep -q 'changed by the operator' /etc/logrotate.d/ovndb-servers"); !kept {
		t.Error("the upgrade has replaced a configuration file that was changed")
	}

	output, removed := c.shell(t, "rpm --erase --noplugins ovndb-servers")
	if removed || !strings.Contains(output, "the resource ovn runs on this node") {
		t.Errorf("rpm did not refuse to remove the program of a resource that runs:\n%s", output)
	}
	c.wantAgentOfRPM(t, "after the refusal")
	c.must(t, `kill "$(cat /run/ovndb-servers/ovn/supervisor.pid)"
		install -D /dev/null /var/lib/ovndb-servers/ovn/snapshots/1.db
		until rpm --erase --noplugins ovndb-servers; do sleep 0.1; done`)
	c.wantFiles(t, "after the removal", before, "/etc/logrotate.d/ovndb-servers.rpmsave", "/var/lib/ovndb-servers",
		"/var/lib/ovndb-servers/ovn", "/var/lib/ovndb-servers/ovn/snapshots", "/var/lib/ovndb-servers/ovn/snapshots/1.db")
}

// wantAgentOfRPM checks that the agent is there and runs, and that the files are as the package has them, but for
// the configuration.
func (c container) wantAgentOfRPM(t *testing.T, when string) {
	t.Helper()
	const agent = "/usr/lib/ocf/resource.d/ovndb/ovndb-servers"
	if data := c.must(t, "OCF_ROOT=/usr/lib/ocf "+agent+" meta-data"); !strings.Contains(data, `<resource-agent name="ovndb-servers"`) {
		t.Errorf("%s, the agent's meta-data is\n%s", when, data)
	}
	if different, _ := c.shell(t, "rpm --verify --nodeps ovndb-servers | grep -v ' c /etc/'"); different != "" {
		t.Errorf("%s, files differ from the package's:\n%s", when, different)
	}
	if modes := c.must(t, "stat --format %a /var/lib/ovndb-servers /var/log/ovndb-servers"); modes != "700\n700\n" {
		t.Errorf("%s, the directories that are root's have the modes\n%s", when, modes)
	}
}

// nativeRPM returns the package for this machine's architecture.
func nativeRPM(t *testing.T, all []string) string {
	t.Helper()
	architecture := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	for _, file := range all {
		if strings.HasSuffix(file, "."+architecture+".rpm") {
			return file
		}
	}
	t.Skipf("there is no package for %s", runtime.GOARCH)
	return ""
}

// olderRPM builds the package with a version that is lower than that of any package.
func olderRPM(t *testing.T) string {
	t.Helper()
	nfpm := os.Getenv("NFPM")
	if nfpm == "" {
		t.Skip("NFPM does not name the program that builds packages: run make packages-test")
	}
	directory := t.TempDir()
	mustRun(t, "env", "--chdir=..", "PACKAGE_VERSION=0.0.0~older", "PACKAGE_ARCH="+runtime.GOARCH, "MAINTAINER=maintainers <maintainers@localhost>",
		"SOURCE_DATE_EPOCH=0", nfpm, "package", "--config", "packaging/rpm.yaml", "--packager", "rpm", "--target", directory+"/")
	built, err := filepath.Glob(filepath.Join(directory, "*.rpm"))
	if err != nil || len(built) != 1 {
		t.Fatalf("nfpm has built %v (%v), want one package", built, err)
	}
	return built[0]
}
