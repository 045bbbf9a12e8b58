package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// daemon is how the processes of a daemon are recognised.
type daemon struct {
	locks   []lock  // a process that holds one of them is the daemon
	pidfile Pidfile // one that was started for it by this package belongs to the daemon
	program string
}

// processGroup is the processes of one daemon. They need not share a process group of the
// kernel.
type processGroup struct {
	server *handle   // holds a lock; nil if none does
	others []*handle // others that hold one, or have not got to it yet
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

// find opens the processes of the daemon. Each is opened before it is recognised.
func (d daemon) find() (processGroup, error) {
	var found processGroup
	err := d.findHolders(&found)
	if err == nil {
		err = d.findStarted(&found)
	}
	if err != nil {
		found.close()
		return processGroup{}, err
	}
	return found, nil
}

func (d daemon) findHolders(found *processGroup) error {
	for _, l := range d.locks {
		process, err := openHolder(l)
		switch {
		case errors.Is(err, ErrNotRunning):
			continue
		case err != nil:
			return err
		case found.includes(process.pid):
			process.close()
			continue
		case found.server == nil:
			found.server = process
		default:
			found.others = append(found.others, process)
		}
		if !runsProgram(process.pid, d.program) && !process.ended() {
			return fmt.Errorf("%s is locked by process %d, which does not run %s", l, process.pid, d.program)
		}
	}
	return nil
}

// findStarted opens the processes that were started for the pidfile and hold no lock, or none
// yet.
func (d daemon) findStarted(found *processGroup) error {
	pids, err := processes()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if pid == os.Getpid() || found.includes(pid) || !d.started(pid) {
			continue
		}
		process, err := openHandle(pid)
		if err != nil {
			continue
		}
		if !d.started(pid) { // the number changed hands before the handle was open
			process.close()
			continue
		}
		found.others = append(found.others, process)
	}
	return nil
}

func (d daemon) started(pid int) bool {
	pidfile, err := startedFor(pid)
	return err == nil && pidfile == d.pidfile && runsProgram(pid, d.program) && d.sharesDirectory(pid)
}

// sharesDirectory reports whether the pidfile's directory is the same one for a process: in a
// container, another directory may have that name.
func (d daemon) sharesDirectory(pid int) bool {
	directory := filepath.Dir(string(d.pidfile))
	return sameFile(directory, filepath.Join("/proc", strconv.Itoa(pid), "root", directory))
}

// startedFor is the pidfile that a process was started for by [Daemon.Start] or
// [Background.Start], empty if it was started otherwise.
func startedFor(pid int) (Pidfile, error) {
	content, err := readBounded(filepath.Join("/proc", strconv.Itoa(pid), "environ"), 1<<20)
	if err != nil {
		return "", err
	}
	for variable := range strings.SplitSeq(content, "\x00") {
		if pidfile, found := strings.CutPrefix(variable, pidfileVariable+"="); found {
			return Pidfile(pidfile), nil
		}
	}
	return "", nil
}

// maxName is the part of a program's name that the kernel keeps, in bytes (PR_SET_NAME in
// prctl(2)).
const maxName = 15

// runsProgram reports whether a live process runs a program, by the name that the kernel gives
// the main thread when it executes one. The path in /proc/PID/exe would say no more, and in a
// container root may not read that of another account.
func runsProgram(pid int, program string) bool {
	stat, err := readStat(pid)
	name := filepath.Base(program)
	return err == nil && stat.state != "Z" && stat.comm == name[:min(len(name), maxName)]
}
