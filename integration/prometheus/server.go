// Package prometheus runs a Prometheus beside a cluster, and asks it.
package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec" //nolint:depguard // Prometheus runs on this machine; pkg/process is for daemons.
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

const (
	// readyTimeout bounds the wait for a server that was started, stopTimeout that for one to end.
	readyTimeout = 30 * time.Second
	stopTimeout  = 5 * time.Second
	// readyPoll is how often a server is asked whether it is ready.
	readyPoll = 100 * time.Millisecond
)

// ErrNotInstalled is returned where there is no Prometheus.
var ErrNotInstalled = errors.New("prometheus is not installed: tools/deps prometheus")

// Config is what a server scrapes and evaluates.
type Config struct {
	// Interval is between two scrapes, and between two evaluations of the rules.
	Interval time.Duration
	// Rules are the absolute paths of files of rules.
	Rules []string
	// Targets are addresses and ports, by what the label instance has.
	Targets map[string]string
}

// Server is a Prometheus that runs.
type Server struct {
	address string
	cmd     *exec.Cmd
	log     string
	ended   chan error
}

// Find returns the path of a program of Debian's package prometheus, which tools/deps unpacks.
func Find(program string) (string, error) {
	if path, err := exec.LookPath(program); err == nil {
		return path, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", errors.Join(ErrNotInstalled, err)
	}
	path := filepath.Join(cache, "ovndb-servers", program, "usr/bin", program)
	if _, err := os.Stat(path); err != nil {
		return "", errors.Join(ErrNotInstalled, err)
	}
	return path, nil
}

// Start starts a server, which keeps its data and its log in a directory, and waits until it answers.
// It ends with the context, at the latest with this process.
func Start(ctx context.Context, directory string, config Config) (*Server, error) {
	program, err := Find("prometheus")
	if err != nil {
		return nil, err
	}
	address, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(directory, "prometheus.yaml")
	if err := os.WriteFile(file, config.text(), 0o600); err != nil {
		return nil, fmt.Errorf("cannot configure Prometheus: %w", err)
	}
	s := &Server{address: address, log: filepath.Join(directory, "prometheus.log"), ended: make(chan error, 1)}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, fmt.Errorf("cannot keep the log of Prometheus: %w", err)
	}
	defer log.Close() //nolint:errcheck // the server has its own descriptor
	s.cmd = exec.CommandContext(ctx, program, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(directory, "data"),
		"--web.listen-address="+address, "--log.level=warn")
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.WaitDelay = log, log, stopTimeout
	s.cmd.Cancel = func() error { return s.cmd.Process.Signal(syscall.SIGTERM) }
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("cannot start Prometheus: %w", err)
	}
	return s, s.awaitReady(ctx)
}

// start starts the process on a thread that lives as long as it: the end of that thread would kill it.
func (s *Server) start() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.ended)
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.ended <- s.cmd.Wait()
		}
	}()
	return <-started
}

// AwaitEnd waits for the end of a server whose context has ended, and returns its error: that of the signal.
func (s *Server) AwaitEnd() error { return <-s.ended }

// text is the configuration file; JSON is YAML.
func (c Config) text() []byte {
	type static struct {
		Targets []string          `json:"targets"`
		Labels  map[string]string `json:"labels"`
	}
	targets := []static{}
	for instance, address := range c.Targets {
		targets = append(targets, static{Targets: []string{address}, Labels: map[string]string{"instance": instance}})
	}
	interval := c.Interval.String()
	text, err := json.Marshal(map[string]any{
		"global":         map[string]string{"scrape_interval": interval, "scrape_timeout": interval, "evaluation_interval": interval},
		"rule_files":     c.Rules,
		"scrape_configs": []any{map[string]any{"job_name": "ovndb", "static_configs": targets}},
	})
	if err != nil {
		panic(err) // strings alone
	}
	return text
}

// freeAddress returns an address of this machine with a port that no process has.
func freeAddress(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("no port for Prometheus: %w", err)
	}
	return listener.Addr().String(), listener.Close()
}

// awaitReady waits until the server answers, or has ended.
func (s *Server) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, readyTimeout, errors.New("prometheus is not ready in time"))
	defer cancel()
	ticker := time.NewTicker(readyPoll)
	defer ticker.Stop()
	for {
		if _, err := s.get(ctx, "/-/ready", nil); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; its log is %s", context.Cause(ctx), s.log)
		case err := <-s.ended:
			text, _ := os.ReadFile(s.log) // what there is of it
			return fmt.Errorf("prometheus has ended: %w: %s", err, text)
		case <-ticker.C:
		}
	}
}
