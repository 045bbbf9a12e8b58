package process

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

const (
	// pipeDelay bounds the wait for the end of a program's output once the
	// program itself is gone: a process it left behind may hold the pipe.
	pipeDelay = 500 * time.Millisecond

	// maxOutput bounds what is kept of a program's standard output, in bytes.
	maxOutput = 64 << 20

	// maxMessages bounds what is kept of a program's standard error, in bytes.
	maxMessages = 64 << 10
)

// Run runs a short-lived program to its end and returns its standard output.
// The program reads nothing, runs in a process group of its own and with
// LC_ALL=C; when ctx ends, the whole group is killed. A program that is not
// installed is [ErrProgramMissing]; every failure is a [RunError].
func Run(ctx context.Context, program string, args ...string) (stdout string, err error) {
	return run(ctx, environment(), program, args)
}

// RunWithout is [Run] without the variables of this process's environment whose
// names begin with prefix.
func RunWithout(ctx context.Context, prefix, program string, args ...string) (stdout string, err error) {
	hidden := func(variable string) bool { return strings.HasPrefix(variable, prefix) }
	return run(ctx, slices.DeleteFunc(environment(), hidden), program, args)
}

func run(ctx context.Context, variables []string, program string, args []string) (stdout string, err error) {
	failure := &RunError{Program: program, Args: args, ExitCode: -1}
	path, err := LookProgram(program)
	if err != nil {
		failure.Err = err
		return "", failure
	}
	output, messages := &boundedBuffer{limit: maxOutput}, &boundedBuffer{limit: maxMessages}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = variables
	cmd.Stdout, cmd.Stderr = output, messages
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	cmd.WaitDelay = pipeDelay

	err = cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success() {
		err = nil // it succeeded; only something it left behind holds the pipe
	}
	if err == nil && output.overflowed {
		err = errors.New("too much output")
	}
	if err == nil {
		return output.kept.String(), nil
	}
	failure.Stderr = strings.TrimSpace(messages.kept.String())
	failure.ExitCode, failure.Err = outcome(ctx, cmd.ProcessState, err)
	return output.kept.String(), failure
}

// killGroup kills the process group that a child leads.
func killGroup(leader int) error {
	err := syscall.Kill(-leader, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}

// outcome is the exit status, or -1 with the context's cause if it was the
// context's end that ended the program.
func outcome(ctx context.Context, state *os.ProcessState, err error) (int, error) {
	if state != nil && state.Exited() {
		return state.ExitCode(), err
	}
	if ctx.Err() != nil {
		return -1, context.Cause(ctx)
	}
	return -1, err
}

// environment is this process's own, in the locale in which programs are
// documented to speak.
func environment(extra ...string) []string {
	return append(append(os.Environ(), "LC_ALL=C"), extra...)
}

// boundedBuffer keeps the first limit bytes written to it and accepts, but
// forgets, the rest: a program is never blocked by what it says.
type boundedBuffer struct {
	kept       bytes.Buffer // not embedded: its ReadFrom would know no limit
	limit      int
	overflowed bool
}

func (b *boundedBuffer) Write(p []byte) (int, error) {
	room := min(len(p), b.limit-b.kept.Len())
	b.overflowed = b.overflowed || room < len(p)
	_, err := b.kept.Write(p[:room])
	return len(p), err
}
