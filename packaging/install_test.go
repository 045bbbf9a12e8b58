package packaging

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const (
	agentLink  = "usr/lib/ocf/resource.d/ovn/ovndb-servers"
	shellAgent = "usr/share/ovn/scripts/ovndb-servers.ocf"
	stateDir   = "var/lib/ovndb-servers"
	logDir     = "var/log/ovndb-servers"
)

// root is a directory into which dpkg installs, with a package database of its own.
type root string

func newRoot(t *testing.T) root {
	t.Helper()
	r := root(t.TempDir())
	for _, directory := range []string{"updates", "info"} {
		if err := os.MkdirAll(r.path("var/lib/dpkg", directory), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	r.write(t, "var/lib/dpkg/status", "")
	return r
}

func (r root) path(elements ...string) string {
	return filepath.Join(append([]string{string(r)}, elements...)...)
}

func (r root) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path(name), []byte(content), 0o755); err != nil {
		t.Fatal(err)
	}
}

func (r root) link(t *testing.T, target, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, r.path(name)); err != nil {
		t.Fatal(err)
	}
}

func (r root) exists(name string) bool {
	_, err := os.Lstat(r.path(name))
	return err == nil
}

// dpkg runs dpkg in the root. Maintainer scripts see the root in DPKG_ROOT.
func (r root) dpkg(t *testing.T, arguments ...string) (string, bool) {
	t.Helper()
	command := []string{"dpkg", "--root=" + string(r)}
	command = append(command, "--force-script-chrootless", "--force-unsafe-io")
	return run(t, append(command, arguments...)...)
}

func (r root) mustDpkg(t *testing.T, arguments ...string) {
	t.Helper()
	if output, ok := r.dpkg(t, arguments...); !ok {
		t.Fatalf("dpkg %v failed:\n%s", arguments, output)
	}
}

// agent is the program that the agent's link leads to, seen from the root, or the error.
func (r root) agent() string {
	name := agentLink
	for range 5 {
		target, err := os.Readlink(r.path(name))
		switch {
		case err != nil && r.exists(name):
			return name
		case err != nil:
			return err.Error()
		case filepath.IsAbs(target):
			name = strings.TrimPrefix(target, "/")
		default:
			name = filepath.Join(filepath.Dir(name), target)
		}
	}
	return "a link to itself"
}

// The maintainer scripts of ovn-common of bookworm and trixie.
const (
	linkAgent = `#!/bin/sh -e
agents="$DPKG_ROOT/usr/lib/ocf/resource.d/ovn"
mkdir -p "$agents"
ln -sf /usr/share/openvswitch/scripts/ovndb-servers.ocf "$agents/ovndb-servers"
`
	unlinkAgent = `#!/bin/sh -e
case "$1" in purge|remove) rm -rf "$DPKG_ROOT/usr/lib/ocf/resource.d/ovn" ;; esac
`
)

// ovnCommon builds a package that treats the agent's link as ovn-common of a Debian release does:
// that of sid ships it.
func ovnCommon(t *testing.T, release string) string {
	t.Helper()
	versions := map[string]string{"bookworm": "23.03.1-1", "trixie": "25.03.0-1", "sid": "26.03.1-1"}
	tree := root(t.TempDir())
	tree.write(t, "DEBIAN/control", "Package: ovn-common\nVersion: "+versions[release]+
		"\nArchitecture: all\nMaintainer: OVN <ovn@localhost>\nDescription: as that of "+release+"\n")
	tree.write(t, shellAgent, "#!/bin/sh\n")
	if release == "sid" {
		tree.link(t, "../../../../share/ovn/scripts/ovndb-servers.ocf", agentLink)
	} else {
		tree.write(t, "DEBIAN/postinst", linkAgent)
		tree.write(t, "DEBIAN/postrm", unlinkAgent)
	}
	file := filepath.Join(t.TempDir(), "ovn-common.deb")
	mustRun(t, "dpkg-deb", "--root-owner-group", "-Znone", "--build", string(tree), file)
	return file
}

func (r root) wantOurAgent(t *testing.T, when string) {
	t.Helper()
	if got := r.agent(); got != "usr/sbin/ovndb-servers" {
		t.Errorf("%s, the agent is %s, want this program", when, got)
	}
}

func TestAgentIsOursOnEachReleaseAndAfterUpgrades(t *testing.T) {
	deb := nativeDeb(t)
	for _, first := range []string{"bookworm", "trixie", "sid"} {
		t.Run(first, func(t *testing.T) {
			r := newRoot(t)
			r.mustDpkg(t, "--install", ovnCommon(t, first))
			r.mustDpkg(t, "--install", deb)
			r.wantOurAgent(t, "installed on "+first)
			for _, next := range []string{"bookworm", "trixie", "sid"} {
				r.mustDpkg(t, "--install", ovnCommon(t, next))
				r.wantOurAgent(t, "after ovn-common of "+next)
			}
			r.mustDpkg(t, "--install", deb)
			r.wantOurAgent(t, "installed again")
		})
	}
}

func TestRemovalRestoresTheShellAgent(t *testing.T) {
	deb := nativeDeb(t)
	r := newRoot(t)
	r.mustDpkg(t, "--install", ovnCommon(t, "sid"))
	r.mustDpkg(t, "--install", deb)
	r.mustDpkg(t, "--remove", "ovndb-servers")
	if got := r.agent(); got != shellAgent {
		t.Errorf("the agent is %s, want %s", got, shellAgent)
	}
}

func TestInstalledDirectoriesAreRootsAlone(t *testing.T) {
	deb := nativeDeb(t)
	r := newRoot(t)
	r.mustDpkg(t, "--install", ovnCommon(t, "trixie"))
	r.mustDpkg(t, "--install", deb)
	for _, directory := range []string{stateDir, logDir} {
		info, err := os.Stat(r.path(directory))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s has mode %v (%v), want 0700", directory, info, err)
		}
	}
}

func TestPurgeKeepsSnapshotsAndRemovesLogs(t *testing.T) {
	deb := nativeDeb(t)
	r := newRoot(t)
	r.mustDpkg(t, "--install", ovnCommon(t, "trixie"))
	r.mustDpkg(t, "--install", deb)
	snapshot := stateDir + "/ovn/snapshots/1.db"
	r.write(t, snapshot, "rows")
	r.write(t, logDir+"/ovn.log", "lines")
	r.mustDpkg(t, "--purge", "ovndb-servers")
	if !r.exists(snapshot) {
		t.Error("the snapshot is gone")
	}
	if r.exists(logDir) {
		t.Error("the logs are still there")
	}
}

func TestRemovalIsRefusedWhileTheResourceRuns(t *testing.T) {
	deb := nativeDeb(t)
	r := newRoot(t)
	r.mustDpkg(t, "--install", ovnCommon(t, "trixie"))
	r.mustDpkg(t, "--install", deb)
	supervisor := startNamed(t, "ovndb-servers")
	pid := strconv.Itoa(supervisor.Process.Pid)
	r.write(t, "run/ovndb-servers/ovn/supervisor.pid", pid+"\n")
	output, ok := r.dpkg(t, "--remove", "ovndb-servers")
	if ok || !strings.Contains(output, "the resource ovn runs on this node") {
		t.Errorf("dpkg did not refuse for the resource's sake:\n%s", output)
	}
	r.wantOurAgent(t, "after the refusal")
	r.mustDpkg(t, "--install", deb)

	_ = supervisor.Process.Kill()
	_ = supervisor.Wait()
	r.mustDpkg(t, "--remove", "ovndb-servers")
}

// startNamed starts a program of that name, which runs until the test ends.
func startNamed(t *testing.T, name string) *exec.Cmd {
	t.Helper()
	program := filepath.Join(t.TempDir(), name)
	mustRun(t, "cp", "/bin/sleep", program)
	command := exec.CommandContext(t.Context(), program, "3600")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command
}
