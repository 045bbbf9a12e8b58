package process

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// processGroup is the processes of one daemon. They need not share a process
// group of the kernel.
type processGroup struct {
	server *handle   // holds the pidfile's lock; nil if none does
	others []*handle // its monitor, and others that were started for the pidfile
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

// membership holds the properties by which the processes of a daemon are
// recognised.
type membership struct {
	pidfile  Pidfile
	programs []string // the file names the program may run under
	server   int      // holds the lock, or 0
	stale    int      // gone, but named by a pidfile that no process holds; or 0
}

// findProcessGroup finds the processes of the daemon of a pidfile: the holder of
// its lock, and the others. Each is opened before it is recognised.
func findProcessGroup(p Pidfile, program string) (processGroup, error) {
	var found processGroup
	pid, err := p.Owner()
	if err == nil {
		found.server, err = openOwner(p, pid)
	}
	if err != nil && !errors.Is(err, ErrNotRunning) {
		return processGroup{}, err
	}
	members := membership{pidfile: p, programs: fileNames(program)}
	if found.server != nil {
		members.server = found.server.pid
	} else if number := p.number(); !alive(number) {
		members.stale = number
	}
	if found.others, err = members.find(); err != nil {
		found.close()
		return processGroup{}, err
	}
	return found, nil
}

// find opens the processes that belong to the daemon besides its server.
func (m membership) find() ([]*handle, error) {
	pids, err := processes()
	if err != nil {
		return nil, err
	}
	var found []*handle
	for _, pid := range pids {
		if pid == m.server || pid == os.Getpid() || !m.includes(pid) {
			continue
		}
		process, err := openHandle(pid)
		if err != nil {
			continue
		}
		if !m.includes(pid) { // the number changed hands before the handle was open
			process.close()
			continue
		}
		found = append(found, process)
	}
	return found, nil
}

// openOwner opens the process that holds a pidfile.
func openOwner(p Pidfile, pid int) (*handle, error) {
	process, err := openHandle(pid)
	if err != nil {
		return nil, err
	}
	again, err := p.Owner()
	if err == nil && again == pid {
		return process, nil
	}
	process.close()
	if err == nil {
		return openOwner(p, again) // a monitor restarted it just now
	}
	return nil, err
}

// includes reports whether a process other than the server belongs to the daemon:
// as the server's monitor; or, if it runs the same program, as one that was
// started for this pidfile, or as a monitor that names the server of a stale
// one and will restart it.
func (m membership) includes(pid int) bool {
	stat, err := readStat(pid)
	if err != nil || stat.state == "Z" {
		return false
	}
	if m.server != 0 && parentOf(m.server) == pid {
		return sameProgram(pid, m.server, stat.comm)
	}
	if !m.runsProgram(pid) || !m.sharesDirectory(pid) {
		return false
	}
	if pidfile, known := startedFor(pid); known {
		return pidfile == m.pidfile
	}
	return m.stale != 0 && monitors(pid, m.stale)
}

// sameProgram reports whether the parent of a server runs the server's program.
// If /proc does not show the program, the name Open vSwitch gives to the thread
// of a monitor decides (monitor_daemon in lib/daemon-unix.c).
func sameProgram(parent, server int, comm string) bool {
	first, err := os.Stat(executablePath(parent))
	if err != nil {
		return comm == "monitor"
	}
	second, err := os.Stat(executablePath(server))
	if err != nil {
		return comm == "monitor"
	}
	return os.SameFile(first, second)
}

// runsProgram reports whether a process runs the daemon's program, even if its
// package has been replaced since.
func (m membership) runsProgram(pid int) bool {
	path, err := os.Readlink(executablePath(pid))
	if err != nil {
		return false
	}
	return slices.Contains(m.programs, filepath.Base(strings.TrimSuffix(path, " (deleted)")))
}

// sharesDirectory reports whether the pidfile's directory is the same one for a
// process: in a container, another directory may have that name.
func (m membership) sharesDirectory(pid int) bool {
	directory := filepath.Dir(string(m.pidfile))
	return sameFile(directory, filepath.Join("/proc", strconv.Itoa(pid), "root", directory))
}

// startedFor is the pidfile that a process was started for by [Daemon.Start],
// if it was.
func startedFor(pid int) (Pidfile, bool) {
	content, err := readBounded(filepath.Join("/proc", strconv.Itoa(pid), "environ"), 1<<20)
	if err != nil {
		return "", false
	}
	for variable := range strings.SplitSeq(content, "\x00") {
		if pidfile, found := strings.CutPrefix(variable, pidfileVariable+"="); found {
			return Pidfile(pidfile), true
		}
	}
	return "", false
}

// monitors reports whether a process is the monitor of another one, by the title
// that monitor_daemon in Open vSwitch's lib/daemon-unix.c gives itself.
func monitors(pid, server int) bool {
	title, err := readBounded(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"), 4096)
	return err == nil && strings.Contains(title, ": monitoring pid "+strconv.Itoa(server)+" (")
}

// alive reports whether there is a process of that number that is not ending.
func alive(pid int) bool {
	stat, err := readStat(pid)
	return err == nil && stat.state != "Z" && stat.flags&flagExiting == 0
}

func executablePath(pid int) string {
	return filepath.Join("/proc", strconv.Itoa(pid), "exe")
}

// fileNames are the names of the file a program is run from.
func fileNames(program string) []string {
	names := []string{filepath.Base(program)}
	path, err := lookProgram(program)
	if err != nil {
		return names
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		names = append(names, filepath.Base(target))
	}
	return names
}
