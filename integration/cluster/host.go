package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec" //nolint:depguard // dockerd is started here, where no service manager does it.
	"path/filepath"
	"syscall"
	"time"
)

const (
	dockerProbeTimeout = 5 * time.Second
	dockerStartTimeout = time.Minute
	pollInterval       = 200 * time.Millisecond
)

// EnsureHost makes docker answer on this machine: it installs it with apt-get
// if it is missing, and starts dockerd if none answers.
func EnsureHost(ctx context.Context, progress *Progress) error {
	if err := ensurePrograms(ctx, progress, map[string]string{"docker": "docker.io"}); err != nil {
		return err
	}
	if dockerAnswers(ctx) {
		return nil
	}
	return startDocker(ctx, progress)
}

// ensurePrograms installs the Debian packages of those programs that are not on
// the PATH.
func ensurePrograms(ctx context.Context, progress *Progress, packages map[string]string) error {
	var missing []string
	for program, name := range packages {
		if !installed(program) {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("cannot install %v: not root; install them and run this again", missing)
	}
	if !installed("apt-get") {
		return fmt.Errorf("cannot install %v: no apt-get on this machine; install them and run this again", missing)
	}
	progress.Printf("installing %v with apt-get", missing)
	if err := stream(ctx, progress, nil, "apt-get", "update"); err != nil {
		return err
	}
	install := append([]string{"-o", "DPkg::Lock::Timeout=60", "install", "-y"}, missing...)
	return stream(ctx, progress, nil, "apt-get", install...)
}

// installed reports whether a program is on the PATH.
func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// dockerAnswers reports whether a docker daemon answers.
func dockerAnswers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, dockerProbeTimeout)
	defer cancel()
	_, err := docker(ctx, "version", "--format", "{{.Server.Version}}")
	return err == nil
}

// startDocker starts dockerd: by systemd where it runs, else in a session of its
// own, which outlives this process.
func startDocker(ctx context.Context, progress *Progress) error {
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		progress.Printf("starting docker with systemctl")
		if _, err := output(ctx, nil, "systemctl", "start", "docker"); err != nil {
			return err
		}
		return awaitDocker(ctx, nil)
	}
	path := filepath.Join(os.TempDir(), "dockerd.log")
	progress.Printf("no docker daemon answers: starting dockerd, its log is %s", path)
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("cannot open dockerd's log: %w", err)
	}
	defer func() { _ = log.Close() }()
	// Not bound to ctx: the daemon stays when the tests have ended.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "dockerd")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start dockerd: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := awaitDocker(ctx, ended); err != nil {
		text, _ := os.ReadFile(path)
		return fmt.Errorf("%w; the log ends: %s", err, lastLines(string(text), 5))
	}
	return nil
}

// awaitDocker waits until a daemon answers, or the started one has ended.
func awaitDocker(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, dockerStartTimeout, errors.New("dockerd does not answer in time"))
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for !dockerAnswers(ctx) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case err := <-ended:
			return fmt.Errorf("dockerd has ended: %w", err)
		case <-ticker.C:
		}
	}
	return nil
}
