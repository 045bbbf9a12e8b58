package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// pidfileVariable names, in a daemon's environment, the pidfile it was
	// started for. By it, a process is found that holds no lock yet, as its
	// caller was killed while it started it.
	pidfileVariable = "OVNDB_SERVERS_PIDFILE"

	// collectDelay bounds the wait for killed processes beyond the caller's
	// time: one in uninterruptible sleep ends when that does.
	collectDelay = 2 * time.Second
)

// Daemon is a daemon of Open vSwitch or OVN: a program that knows --detach and
// --pidfile, and whose first process exits when the daemon is ready. It has the
// account's credentials from its first instruction on: with --user it would open
// its log file as root, and give away the file that the name leads to. It gets no
// monitor process of its own (--monitor), which would restart a crashed server
// in the role it had, and ask no other node.
type Daemon struct {
	Program string
	Args    []string // without those two
	Pidfile Pidfile
	Owner   Owner // the account to run as
	// Directories are those that it writes to, which no third account may own.
	Directories []string
	FileLimit   uint64 // open files it needs; 0 leaves the limit alone
	// Environment has variables, as NAME=value. Of this process's own it gets PATH alone.
	Environment []string
}

// Command returns the arguments the daemon is started with.
func (d Daemon) Command() []string {
	return append([]string{"--detach", "--pidfile=" + string(d.Pidfile)}, d.Args...)
}

// Start starts the daemon and returns when it is ready, that is, serves its
// control socket. If its pidfile is held already, it starts nothing and
// returns nil. If ctx ends first, all processes it started are killed. A failure of
// the program is a [RunError] with its messages; one that is not installed is
// [ErrProgramMissing].
//
// The daemon gets a session of its own and the root as working directory, and
// holds no file open that this process was given or opened. The limit of open
// files is raised for this process as well, and stays raised.
func (d Daemon) Start(ctx context.Context) error {
	if running, err := d.running(); running || err != nil {
		return err
	}
	err := context.Cause(ctx)
	if err == nil {
		err = d.Owner.checkForeign(d.Directories...)
	}
	if err == nil {
		err = raiseFileLimit(d.FileLimit)
	}
	if err == nil {
		err = d.launch(ctx)
	}
	if err != nil {
		return fmt.Errorf("cannot start the daemon of pidfile %s: %w", string(d.Pidfile), err)
	}
	return nil
}

func (d Daemon) running() (bool, error) {
	_, err := pidfileDaemon(d.Pidfile, d.Program).holderOf(d.Pidfile)
	if errors.Is(err, ErrNotRunning) {
		return false, nil
	}
	return err == nil, err
}

// launch runs the program until its first process has exited.
func (d Daemon) launch(ctx context.Context) error {
	failure := &RunError{Program: d.Program, Args: d.Command(), ExitCode: -1}
	path, err := lookProgram(d.Program)
	if err != nil {
		failure.Err = err
		return failure
	}
	// A file, not a pipe: a pipe ends only when its last writer closes it.
	messages, err := memoryFile("messages")
	if err != nil {
		return err
	}
	defer messages.Close() //nolint:errcheck // memory

	keepFilesFromChildren()
	cmd := exec.CommandContext(context.WithoutCancel(ctx), path, d.Command()...)
	cmd.Dir = "/"
	cmd.Env = smallEnvironment(append(slices.Clone(d.Environment), pidfileVariable+"="+string(d.Pidfile))...)
	cmd.Stderr = messages
	// A daemon whose first process was killed with its caller ends when it is ready and cannot
	// say so (fork_notify_startup in Open vSwitch's lib/daemon-unix.c).
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL, Credential: d.Owner.credential()}
	err = runFirst(ctx, cmd)
	running, lookErr := d.running()
	switch {
	case err == nil && running:
		return nil
	case err == nil && lookErr != nil:
		failure.Err = lookErr
	case err == nil:
		failure.ExitCode, failure.Err = 0, fmt.Errorf("the daemon ended as soon as it was started: %w", ErrNotRunning)
	case running && ctx.Err() == nil:
		return nil // another start of the same daemon came first
	default:
		failure.ExitCode, failure.Err = exitCode(err), err
	}
	failure.Stderr = readMessages(messages)
	return failure
}

// runFirst runs the program's first process to its end. When ctx ends before, it kills
// all that was started and returns the context's cause.
func runFirst(ctx context.Context, cmd *exec.Cmd) error {
	started, exited := make(chan error, 1), make(chan error, 1)
	go func() {
		// Pdeathsig is about the thread that starts the process; see start. The thread ends
		// with this goroutine, as no other may have its umask and its limits.
		runtime.LockOSThread()
		ownUmask()
		refusePrivileges()
		err := cmd.Start()
		started <- err
		if err == nil {
			exited <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	select {
	case err := <-exited:
		return err
	case <-ctx.Done():
	}
	collect, cancel := context.WithTimeout(context.WithoutCancel(ctx), collectDelay)
	defer cancel()
	killed := killTree(collect, cmd.Process.Pid)
	select {
	case err := <-exited:
		if err == nil && !killed {
			return nil // it was ready in the same moment
		}
	case <-collect.Done():
	}
	return context.Cause(ctx)
}

// daemonUmask leaves no file of a daemon to other users, who could keep a lock on it.
const daemonUmask = 0o027

// ownUmask gives the calling thread a umask of its own. In a container that forbids it, the daemon
// gets this process's.
func ownUmask() {
	if unix.Unshare(unix.CLONE_FS) == nil {
		unix.Umask(daemonUmask)
	}
}

// refusePrivileges keeps the programs that the calling thread starts, and all that they start, from
// more rights than they have: no program with a set-user-ID bit or capabilities gives them any
// (PR_SET_NO_NEW_PRIVS in prctl(2)). It cannot be taken back.
func refusePrivileges() { _ = unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } // known since Linux 3.5

// exitCode is the exit status of a program, or -1 if it did not exit.
func exitCode(err error) int {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.ExitCode()
	}
	return -1
}

// memoryFile returns an unnamed file that lies in memory.
func memoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("cannot create a file in memory: %w", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}

// readMessages returns the text that a program wrote to its standard error.
func readMessages(messages *os.File) string {
	text, err := io.ReadAll(io.NewSectionReader(messages, 0, maxMessages))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}
