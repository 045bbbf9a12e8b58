package process

import (
	"path/filepath"
	"strconv"
	"strings"

	"ovndb-servers/pkg/foreignpath"
)

// maxCommandLine bounds the text that is read of /proc/PID/cmdline, in bytes.
const maxCommandLine = 1 << 20

// commandNames reports whether the command line of a process has the daemon's pidfile as an option, or
// its database as an argument. A process that ends has no command line any more.
func (d daemon) commandNames(pid int) bool {
	content, err := readProc(filepath.Join("/proc", strconv.Itoa(pid), "cmdline"), maxCommandLine)
	if err != nil {
		return false
	}
	for argument := range strings.SplitSeq(content, "\x00") {
		pidfile, isOption := strings.CutPrefix(argument, "--pidfile=")
		switch {
		case isOption && samePath(pid, pidfile, string(d.pidfile)):
			return true
		case !isOption && d.database != "" && samePath(pid, argument, d.database):
			return true
		}
	}
	return false
}

// samePath reports whether a path of a process and one of this process's have the same name in the
// same directory. A relative one cannot be resolved: daemons leave their working directory.
func samePath(pid int, theirs, ours string) bool {
	if filepath.Base(theirs) != filepath.Base(ours) {
		return false
	}
	if !filepath.IsAbs(theirs) {
		return true
	}
	same, err := sameDirectory(pid, filepath.Dir(theirs), filepath.Dir(ours))
	if err != nil { // one was removed, or belongs to a process that keeps it closed
		return filepath.Dir(theirs) == filepath.Dir(ours)
	}
	return same
}

// sameDirectory reports whether a directory of a process, which may have another root, is one of this process's.
func sameDirectory(pid int, theirs, ours string) (bool, error) {
	directory, err := foreignpath.Stat(ours)
	if err != nil {
		return false, err
	}
	return foreignpath.IsIn(pid, theirs, directory)
}
