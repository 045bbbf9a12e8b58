package process

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// NorthdProgram is the daemon that makes the southbound database from the
// northbound one.
const NorthdProgram = "ovn-northd"

// NorthdFiles holds the paths of ovn-northd, as ovn-ctl and ovn-appctl have them.
type NorthdFiles struct {
	RunDir  string // where its pidfile and its control sockets are
	Pidfile string
	LogFile string
}

// Northd returns the paths of ovn-northd.
func (l Layout) Northd() NorthdFiles {
	return NorthdFiles{
		RunDir:  l.RunDir,
		Pidfile: filepath.Join(l.RunDir, NorthdProgram+".pid"),
		LogFile: filepath.Join(l.LogDir, NorthdProgram+".log"),
	}
}

// ControlSocket returns the unixctl socket of the ovn-northd that has a process id.
// It is where "ovn-appctl -t ovn-northd" looks (get_abs_unix_ctl_path in OVN's
// lib/ovn-util.c).
func (f NorthdFiles) ControlSocket(pid int) string { return f.controlSocket(strconv.Itoa(pid)) }

func (f NorthdFiles) controlSocket(pid string) string {
	return filepath.Join(f.RunDir, NorthdProgram+"."+pid+".ctl")
}

// NorthdOptions describe the ovn-northd of a node.
type NorthdOptions struct {
	Files NorthdFiles
	// Northbound and Southbound are the sockets of the servers on this node.
	Northbound, Southbound string
	// Parameters, if not nil, are those of [NorthdParameters], and take the place of the sockets.
	Parameters []string
	Owner      Owner // the account to run as, if it has a Name
}

func (o NorthdOptions) arguments() []string {
	args := logArguments(o.Files.LogFile)
	if o.Parameters != nil {
		return append(args, o.Parameters...)
	}
	return append(args, "--ovnnb-db=unix:"+o.Northbound, "--ovnsb-db=unix:"+o.Southbound)
}

// OVNNorthd returns the daemon that start_northd of ovn-ctl would start.
func OVNNorthd(o NorthdOptions) Daemon {
	return Daemon{
		Program:     NorthdProgram,
		Args:        o.arguments(),
		Pidfile:     Pidfile(o.Files.Pidfile),
		Owner:       o.Owner,
		Directories: []string{o.Files.RunDir, filepath.Dir(o.Files.LogFile)},
		// Of the control socket only the directory can be chosen (ovn_rundir in OVN's
		// lib/ovn-dirs.c): its name has to hold the process id to be found.
		Environment: []string{"OVN_RUNDIR=" + o.Files.RunDir},
	}
}

// socketTimeout bounds the wait for a connection to a local socket.
const socketTimeout = 100 * time.Millisecond

// RemoveStale removes the control sockets that killed ones have left, each of which
// had a name of its own, and a pidfile that no process holds. A socket that a process
// listens on stays.
func (f NorthdFiles) RemoveStale() error {
	// The only error is a malformed pattern.
	sockets, _ := filepath.Glob(f.controlSocket("*"))
	var failures []error
	for _, socket := range sockets {
		if unattended(socket) {
			failures = append(failures, ignoreMissing(os.Remove(socket)))
		}
	}
	failures = append(failures, Pidfile(f.Pidfile).removeStale())
	if err := errors.Join(failures...); err != nil {
		return fmt.Errorf("cannot remove stale files of %s: %w", NorthdProgram, err)
	}
	return nil
}

// unattended reports whether path is a socket that no process listens on.
func unattended(path string) bool {
	info, err := os.Lstat(path)
	if err != nil || info.Mode().Type() != fs.ModeSocket {
		return false
	}
	conn, err := net.DialTimeout("unix", path, socketTimeout) //nolint:noctx // bounded, and local
	if err == nil {
		_ = conn.Close() // nothing was said
	}
	return errors.Is(err, unix.ECONNREFUSED)
}
