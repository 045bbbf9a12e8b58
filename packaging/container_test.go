package packaging

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"ovndb-servers/integration/cluster"
)

const (
	// containerLife bounds the life of a container whose test was killed, in seconds.
	containerLife = "1800"
	// packageDir is where commands run in a container, and where the package is.
	packageDir = "/srv/packages"
)

// container is a clean Debian system: a base image, which has the packages only that each Debian
// system has. No init system runs in it.
type container struct{ name string }

// newContainer starts a container with the package for this machine in packageDir. Its apt answers
// its own questions, and has current lists.
func newContainer(t *testing.T, release cluster.Suite, deb string) container {
	t.Helper()
	need(t, "docker")
	progress := cluster.NewProgress(os.Stderr)
	if err := cluster.EnsureHost(t.Context(), progress); err != nil {
		t.Fatal(err)
	}
	image, err := cluster.EnsureBase(t.Context(), release, progress)
	if err != nil {
		t.Fatal(err)
	}
	name := strings.ToLower(strings.NewReplacer("/", "-", "_", "-").Replace(t.Name()))
	c := container{name: "ovndb-servers-" + name + "-" + strconv.Itoa(os.Getpid())}
	mustRun(t, "docker", "run", "--detach", "--rm", "--name", c.name, "--hostname", "node1",
		"--cap-add", "NET_ADMIN", "--cap-add", "SYS_NICE", "--cap-add", "IPC_LOCK", "--cap-add", "SYS_PTRACE",
		"--shm-size", "512m", "--tmpfs", "/run:exec", "--cpu-shares", "128", // Linters go first.
		"--workdir", packageDir, image, "sleep", containerLife)
	t.Cleanup(func() {
		if output, err := exec.Command("docker", "rm", "--force", c.name).CombinedOutput(); err != nil {
			t.Errorf("cannot remove the container %s: %v: %s", c.name, err, output)
		}
	})
	c.must(t, `printf 'APT::Get::Assume-Yes "true";\nDPkg::Options:: "--force-unsafe-io";\n' >/etc/apt/apt.conf.d/test`)
	c.copy(t, deb, packageDir+"/")
	c.must(t, "apt-get --quiet update")
	return c
}

// copy copies a file of this machine into the container.
func (c container) copy(t *testing.T, file, to string) {
	t.Helper()
	mustRun(t, "docker", "cp", file, c.name+":"+to)
}

// shell returns the output of a shell's script, and whether it succeeded.
func (c container) shell(t *testing.T, script string) (string, bool) {
	t.Helper()
	return run(t, "docker", "exec", "--env", "DEBIAN_FRONTEND=noninteractive", c.name,
		"bash", "-euo", "pipefail", "-c", script)
}

// must returns the output of a shell's script that has to succeed.
func (c container) must(t *testing.T, script string) string {
	t.Helper()
	output, ok := c.shell(t, script)
	if !ok {
		t.Fatalf("in the container:\n%s\nfailed:\n%s", script, output)
	}
	return output
}

// await runs a script until it succeeds.
func (c container) await(t *testing.T, what, script string) {
	t.Helper()
	if output, ok := c.shell(t, "until { "+script+"; } >/dev/null 2>&1; do sleep 0.5; done"); !ok {
		t.Fatalf("cannot await %s: %s", what, output)
	}
}
