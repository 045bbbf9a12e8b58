package process

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// maxComm is how much of its program's name a process has, in bytes (PR_SET_NAME in prctl(2)).
const maxComm = 15

// maxStatus bounds /proc/PID/status, in bytes.
const maxStatus = 64 << 10

// FindPrograms returns the processes that run one of the programs, by their names without a path,
// as root, as this process's account or as another one, which need not exist. Those of other PID
// namespaces, such as a container's, are none of this node's. The caller closes them.
func FindPrograms(account string, names ...string) ([]*Process, error) {
	pids, err := processes()
	if err != nil {
		return nil, err
	}
	accounts := []int{0, os.Geteuid()}
	if owner, err := LookupOwner(account); err == nil {
		accounts = append(accounts, owner.UID)
	}
	var found []*Process
	var errs []error
	for _, pid := range pids {
		process, err := openProgram(pid, accounts, names)
		switch {
		case err == nil && process != nil:
			found = append(found, process)
		case err != nil && !hasGone(err):
			errs = append(errs, err)
		}
	}
	return found, errors.Join(errs...)
}

// hasGone reports whether an error means that a process ended while it was looked at.
func hasGone(err error) bool {
	return errors.Is(err, ErrNotRunning) || errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

// openProgram opens a process if it runs one of the programs; else it returns nil.
func openProgram(pid int, accounts []int, names []string) (*Process, error) {
	if running, err := runs(pid, names); err != nil || !running {
		return nil, err
	}
	opened, err := openHandle(pid)
	if err != nil {
		return nil, err
	}
	// It is the one that was looked at, and no later one with its number. A zombie has ended.
	if ours, err := own(pid, accounts, names); err != nil || !ours || opened.ended() {
		opened.close()
		return nil, err
	}
	return &Process{handle: opened}, nil
}

func runs(pid int, names []string) (bool, error) {
	comm, err := readBounded("/proc/"+strconv.Itoa(pid)+"/comm", maxStatus)
	if hasGone(err) {
		return false, ErrNotRunning
	}
	if err != nil {
		return false, err
	}
	comm = strings.TrimSuffix(comm, "\n")
	return slices.ContainsFunc(names, func(name string) bool { return name[:min(len(name), maxComm)] == comm }), nil
}

// own reports whether a process runs one of the programs in this PID namespace, and none of
// another account's that has taken one of their names.
func own(pid int, accounts []int, names []string) (bool, error) {
	running, err := runs(pid, names)
	if err != nil || !running {
		return false, err
	}
	// Of /proc/PID itself, and its ns/pid, a process may change the owner, or keep them closed.
	status, err := readBounded("/proc/"+strconv.Itoa(pid)+"/status", maxStatus)
	if err != nil {
		return false, err
	}
	users := statusField(status, "Uid") // real, effective and others
	ours := len(users) > 1 && slices.ContainsFunc(accounts, func(uid int) bool { return strconv.Itoa(uid) == users[1] })
	return ours && len(statusField(status, "NSpid")) == len(numbersOf(os.Getpid())), nil
}
