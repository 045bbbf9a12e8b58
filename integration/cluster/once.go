package cluster

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

// removeTimeout bounds the removal of a container.
const removeTimeout = 10 * time.Second

// Once is a program that runs in a container of its own, with a directory for temporary files in memory.
type Once struct {
	Image string
	// Directories of this machine are there as well, read-only; the program starts in the first one
	// or below it.
	Directories []string
	WorkDir     string
	// Env are further variables of the program, as "name=value".
	Env []string
	// CgroupParent is the control group of the container, docker's own if empty.
	CgroupParent string
}

// Run runs the program to its end, and removes the container. The error is nil whenever it ended by itself,
// whatever its exit code.
func (o Once) Run(ctx context.Context, args ...string) (Result, error) {
	const temporary = "/tests"
	name := repository + "-once-" + strconv.Itoa(os.Getpid())
	command := []string{
		"run", "--rm", "--name", name, "--cap-add", "NET_ADMIN", "--cap-add", "SYS_PTRACE", "--cap-add", "SYS_ADMIN",
		"--network", "none", "--sysctl", "net.ipv6.conf.all.disable_ipv6=0", // ::1 alone
		// Sockets' names are short, and no other account can write there: tests of permissions rely on it.
		"--tmpfs", temporary + ":exec,mode=755", "--env", "TMPDIR=" + temporary,
		"--entrypoint", "/usr/bin/tini",
	}
	for _, directory := range o.Directories {
		command = append(command, "--volume", directory+":"+directory+":ro")
	}
	for _, variable := range o.Env {
		command = append(command, "--env", variable)
	}
	if o.WorkDir != "" {
		command = append(command, "--workdir", o.WorkDir)
	}
	if o.CgroupParent != "" {
		command = append(command, "--cgroup-parent", o.CgroupParent)
	}
	result, err := execute(ctx, nil, "docker", append(append(command, o.Image, "--"), args...)...)
	if err != nil {
		removing, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
		defer cancel()
		_, _ = docker(removing, "rm", "--force", name) // There may be none.
		return result, fmt.Errorf("cannot run %s in a container of %s: %w", args[0], o.Image, err)
	}
	return result, nil
}
