package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec" //nolint:depguard // The harness drives docker and debootstrap; pkg/process is for daemons.
	"strings"
	"sync"
	"time"
)

const (
	// reportEvery is the longest silence of a long step.
	reportEvery = 5 * time.Second
	// outputGrace bounds the wait for the output of a program that was killed.
	outputGrace = 2 * time.Second
)

// Result is the exit code and output of a program that has ended.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// String returns the result on one line, for failure texts.
func (r Result) String() string {
	return fmt.Sprintf("exit code %d, stdout %q, stderr %q", r.Code, r.Stdout, r.Stderr)
}

// execute runs a program to its end. The error is nil whenever it ended by
// itself, whatever its exit code.
func execute(ctx context.Context, stdin io.Reader, name string, args ...string) (Result, error) {
	return finish(ctx, exec.CommandContext(ctx, name, args...), stdin, commandName(name, args))
}

// finish is execute of a command that is made already. The name is for errors.
func finish(ctx context.Context, cmd *exec.Cmd, stdin io.Reader, name string) (Result, error) {
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = stdin, &stdout, &stderr, outputGrace
	err := cmd.Run()
	result := Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
	if _, ended := errors.AsType[*exec.ExitError](err); ended && ctx.Err() == nil {
		return result, nil
	}
	if err != nil {
		return result, fmt.Errorf("cannot run %s: %w", name, errors.Join(err, context.Cause(ctx)))
	}
	return result, nil
}

// output runs a program that has to succeed and returns its standard output,
// trimmed.
func output(ctx context.Context, stdin io.Reader, name string, args ...string) (string, error) {
	result, err := execute(ctx, stdin, name, args...)
	if err != nil {
		return "", err
	}
	if result.Code != 0 {
		return "", fmt.Errorf("%s: exit code %d: %s", commandName(name, args), result.Code, lastLines(result.Stderr, 5))
	}
	return strings.TrimSpace(result.Stdout), nil
}

// docker runs the docker command, which has to succeed.
func docker(ctx context.Context, args ...string) (string, error) {
	return output(ctx, nil, "docker", args...)
}

// stream runs a long step and reports its last line of output every reportEvery.
func stream(ctx context.Context, progress *Progress, stdin io.Reader, name string, args ...string) error {
	return streamTo(ctx, progress, &lineWriter{}, stdin, name, args...)
}

// streamTo is stream with a given writer for the output.
func streamTo(
	ctx context.Context, progress *Progress, lines *lineWriter, stdin io.Reader, name string, args ...string,
) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = stdin, lines, lines, outputGrace
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("cannot start %s: %w", name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	ticker := time.NewTicker(reportEvery)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("%s: %w: %s", commandName(name, args), errors.Join(err, context.Cause(ctx)), lines.tail(8))
			}
			return nil
		case <-ticker.C:
			progress.Printf("  %s: %s", name, lines.tail(1))
		}
	}
}

// commandName names a command in errors: the program and its first argument.
func commandName(name string, args []string) string {
	if len(args) == 0 {
		return name
	}
	return name + " " + args[0]
}

// lastLines returns the last count lines of text, on one line.
func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], " | ")
}

// lineWriter keeps all text that is written to it.
type lineWriter struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write never fails.
func (w *lineWriter) Write(data []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(data)
}

// tail returns the last count lines, on one line.
func (w *lineWriter) tail(count int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return lastLines(w.text.String(), count)
}
