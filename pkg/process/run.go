package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
)

const (
	// maxOutput is the part of a program's standard output that is kept, in bytes.
	maxOutput = 64 << 20

	// maxMessages is the part of a program's standard error that is kept, in bytes.
	maxMessages = 64 << 10
)

// Run runs a short-lived program to its end and returns its standard output.
// The program reads nothing, runs in a process group of its own and with
// LC_ALL=C; when ctx ends, the whole group is killed. When this process ends,
// however it does, the kernel kills the program: a tool of the cluster manager
// that outlived the action that called it would still change the cluster. A
// program that is not installed is [ErrProgramMissing]; every failure is a
// [RunError].
func Run(ctx context.Context, program string, args ...string) (stdout string, err error) {
	return command{program: program, args: args, variables: environment()}.run(ctx)
}

// RunWithout is [Run] without the variables of this process's environment whose
// names begin with prefix.
func RunWithout(ctx context.Context, prefix, program string, args ...string) (stdout string, err error) {
	hidden := func(variable string) bool { return strings.HasPrefix(variable, prefix) }
	return command{program: program, args: args, variables: slices.DeleteFunc(environment(), hidden)}.run(ctx)
}

// command is one run of a short-lived program.
type command struct {
	program    string
	args       []string
	variables  []string // its whole environment
	credential *syscall.Credential
	directory  string   // empty: this process's own
	stdin      *os.File // nil: /dev/null
}

func (c command) run(ctx context.Context) (stdout string, err error) {
	failure := &RunError{Program: c.program, Args: c.args, ExitCode: -1}
	path, err := lookProgram(c.program)
	if err != nil {
		failure.Err = err
		return "", failure
	}
	output, messages, err := newOutputs()
	if err != nil {
		failure.Err = err
		return "", failure
	}
	cmd := exec.CommandContext(ctx, path, c.args...)
	cmd.Env, cmd.Dir = c.variables, c.directory
	if c.stdin != nil {
		cmd.Stdin = c.stdin
	}
	cmd.Stdout, cmd.Stderr = output.writer, messages.writer
	// A program of another account gets a session of its own. In that of a person who is root it could
	// type commands on the terminal (TIOCSTI in ioctl_tty(2)), and leave the process group that is killed.
	session := c.credential != nil
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid: session, Setpgid: !session, Pdeathsig: syscall.SIGKILL, Credential: c.credential,
	}
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }

	err = start(cmd)
	if unread := errors.Join(output.finish(), messages.finish()); err == nil {
		err = unread
	}
	if err == nil && output.kept.overflowed {
		err = errors.New("too much output")
	}
	if err == nil {
		return output.text(), nil
	}
	failure.Stderr = strings.TrimSpace(messages.text())
	failure.ExitCode, failure.Err = outcome(ctx, cmd.ProcessState, err)
	return output.text(), failure
}

// newOutputs returns one for each of a program's standard output and error.
func newOutputs() (stdout, stderr *output, err error) {
	if stdout, err = newOutput(maxOutput); err != nil {
		return nil, nil, err
	}
	if stderr, err = newOutput(maxMessages); err != nil {
		return nil, nil, errors.Join(err, stdout.finish())
	}
	return stdout, stderr, nil
}

// start runs a command to its end. It can gain no rights, nor can what it starts: none of these programs
// has a set-user-ID bit or capabilities, and a hole in one leads to no program that has.
//
// The command has a thread of its own, which lives until the command has ended. The kernel sends the signal
// of Pdeathsig when the thread that forked ends, not the process (PR_SET_PDEATHSIG in prctl(2)).
func start(cmd *exec.Cmd) error {
	return onOwnThread(func() error {
		refusePrivileges()
		return cmd.Run()
	})
}

// onOwnThread calls a function on a thread that ends with it: no other goroutine lacks
// the capabilities that the function takes from it.
func onOwnThread(f func() error) error {
	ended := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and not unlocked
		ended <- f()
	}()
	return <-ended
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

// smallEnvironment is that of a program which runs as the servers' account: nothing that the
// cluster manager has told this process.
func smallEnvironment(extra ...string) []string {
	path := os.Getenv("PATH")
	if path == "" {
		path = systemPath
	}
	return append([]string{"PATH=" + path, "LC_ALL=C"}, extra...)
}
