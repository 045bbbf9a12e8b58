package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// daemon is how the processes of a daemon are recognised.
type daemon struct {
	locks   []lock  // a process that holds one of them is the daemon
	pidfile Pidfile // one that was started for it by this package belongs to the daemon
	program string
	// database is the path of the file that it serves, empty if it serves none.
	database string
	// overdue says that a process which is no server has worked on the database for so long that it is
	// waited for no more.
	overdue bool
}

// processGroup is the processes of one daemon. They need not share a process group of the
// kernel.
type processGroup struct {
	server *handle   // holds a lock; nil if none does
	others []*handle // others that hold one, or have not got to it yet
	// warnings name files and processes that were found in the place of the daemon's.
	warnings []error
}

func (g processGroup) all() []*handle {
	if g.server == nil {
		return g.others
	}
	return append([]*handle{g.server}, g.others...)
}

func (g processGroup) close() {
	for _, process := range g.all() {
		process.close()
	}
}

func (g processGroup) includes(pid int) bool {
	return slices.ContainsFunc(g.all(), func(h *handle) bool { return h.pid == pid })
}

// searchTimeout is how long a search for processes may take though the time is over. A stop that
// has killed all in its last moment should see that, and succeed; it is less than the time that
// actions leave unused.
const searchTimeout = 400 * time.Millisecond

// find opens the processes of the daemon. Each is opened before it is recognised. The error may be
// the context's cause: there can be many processes to look at.
func (d daemon) find(ctx context.Context) (processGroup, error) {
	if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < searchTimeout {
		searching, cancel := context.WithTimeout(context.WithoutCancel(ctx), searchTimeout)
		defer cancel()
		ctx = searching
	}
	var found processGroup
	err := d.findHolders(&found)
	if err == nil {
		err = d.findStarted(ctx, &found)
	}
	if err != nil {
		found.close()
		return processGroup{}, err
	}
	return found, nil
}

func (d daemon) findHolders(found *processGroup) error {
	for _, l := range d.locks {
		process, err := d.openHolder(l)
		switch {
		case errors.Is(err, ErrNotRunning):
		case err != nil && d.provesNothing(l, err):
			found.warnings = append(found.warnings, err)
		case err != nil:
			return err
		case found.includes(process.pid):
			process.close()
		case found.server == nil && runsProgram(process.pid, d.program):
			found.server = process
		default:
			found.others = append(found.others, process)
			if !runsProgram(process.pid, d.program) {
				found.warnings = append(found.warnings, fmt.Errorf("%s: process %d, which is no %s, keeps it locked and is killed", l, process.pid, d.program))
			}
		}
	}
	return nil
}

// openHolder opens the process that holds a lock, if it may be signalled. One that ends gives up
// its files before it has ended, so another look shows that it holds the lock no more.
func (d daemon) openHolder(l lock) (*handle, error) {
	var refusal error
	for range lockReads {
		process, held, err := openHolder(l)
		if inUse, ok := errors.AsType[*inUseError](err); ok && d.overdue {
			if process, refusal = openOverdue(l, inUse); refusal == nil {
				return process, nil
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if refusal = held.check(d); refusal == nil {
			return process, nil
		}
		process.close()
	}
	return nil, fmt.Errorf("%s: %w", l, refusal)
}

// openOverdue opens a process that keeps a database locked and is no server, if it is of the account
// whose file that is. Another one is left alone.
func openOverdue(l lock, inUse *inUseError) (*handle, error) {
	process, err := openHandle(inUse.held.pid)
	if err != nil {
		return nil, err
	}
	_, err = l.holder()
	if again, ok := errors.AsType[*inUseError](err); !ok || again.held.pid != process.pid {
		process.close()
		return nil, inUse // it has changed just now
	}
	if uid := accountOfProcess(process.pid); trusted(uid) || uid != inUse.held.account() {
		process.close()
		return nil, fmt.Errorf("%s: %w: process %d of user %d, which is no %s", l, errStranger, process.pid, uid, ServerProgram)
	}
	return process, nil
}

// provesNothing reports whether an error about a lock leaves it open that no process of the daemon
// runs. Another account than root's can put any file in the place of one in its directory, and have
// it locked by a process of its own for ever; a daemon that this package or another has started is
// found by its environment and its command line then.
func (d daemon) provesNothing(l lock, err error) bool {
	switch {
	case errors.Is(err, errStranger), errors.Is(err, errOpenFileLock) && !errors.Is(err, ErrInUse):
		return true
	case errors.Is(err, errHidden), errors.Is(err, ErrInUse) && !d.overdue:
		return false
	default:
		return errors.Is(err, ErrInUse) || l.ofAccount()
	}
}

// findStarted opens the processes that were started for the pidfile and hold no lock, or none
// yet.
func (d daemon) findStarted(ctx context.Context, found *processGroup) error {
	pids, err := processes()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if ctx.Err() != nil {
			return fmt.Errorf("cannot look at all processes: %w", context.Cause(ctx))
		}
		if pid == os.Getpid() || found.includes(pid) {
			continue
		}
		if process := openIf(pid, d.started); process != nil {
			found.others = append(found.others, process)
		}
	}
	return nil
}

// started reports whether a process was started for the daemon's files. Another account than root's,
// this process's and that of the directory could only pretend it.
func (d daemon) started(pid int) bool {
	if !runsProgram(pid, d.program) {
		return false
	}
	if uid := accountOfProcess(pid); !trusted(uid) && uid != d.account() {
		return false
	}
	pidfile, err := startedFor(pid)
	return err == nil && pidfile == d.pidfile && d.sharesDirectory(pid) || d.commandNames(pid)
}

// account returns the account of the pidfile's directory.
func (d daemon) account() int { return directoryAccount(string(d.pidfile)) }

// sharesDirectory reports whether the pidfile's directory is the same one for a process: in a
// container, another directory may have that name.
func (d daemon) sharesDirectory(pid int) bool {
	directory := filepath.Dir(string(d.pidfile))
	same, err := sameDirectory(pid, directory, directory)
	return err == nil && same
}

// startedFor is the pidfile that a process was started for by [Daemon.Start] or
// [Background.Start], empty if it was started otherwise.
func startedFor(pid int) (Pidfile, error) {
	pidfile, err := startVariable(pid, pidfileVariable)
	return Pidfile(pidfile), err
}

// startVariable returns a variable of the environment that a process was started with, empty if there is none.
func startVariable(pid int, name string) (string, error) {
	content, err := readProc(filepath.Join("/proc", strconv.Itoa(pid), "environ"), 1<<20)
	if err != nil {
		return "", err
	}
	for variable := range strings.SplitSeq(content, "\x00") {
		if value, found := strings.CutPrefix(variable, name+"="); found {
			return value, nil
		}
	}
	return "", nil
}

// runsProgram reports whether a live process runs a program, by the name that the kernel gives
// the main thread when it executes one. The path in /proc/PID/exe would say no more, and in a
// container root may not read that of another account.
func runsProgram(pid int, program string) bool {
	running, err := runs(pid, []string{filepath.Base(program)})
	return err == nil && running
}
