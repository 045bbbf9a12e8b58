package process

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// monitorComm and monitorTitle are the names that Open vSwitch's daemons give the process which
// --monitor starts (lib/daemon-unix.c, monitor_daemon).
const (
	monitorComm  = "monitor"
	monitorTitle = "ovsdb-server: monitoring pid "
)

// EndMonitorProcess ends the process that --monitor has put over a server, as ovn-ctl has it do, and
// leaves the server as it is. That process would start a server that has died again in the role of
// its command line, without asking. It reports whether there was one.
func EndMonitorProcess(ctx context.Context, server int) (bool, error) {
	parent := parentOf(server)
	if parent <= 1 {
		return false, nil
	}
	monitor, err := openHandle(parent)
	if err != nil {
		return false, nil // it has ended
	}
	defer monitor.close()
	// The number may have changed hands before the handle was open.
	if parentOf(server) != parent || !monitors(parent, server) {
		return false, nil
	}
	if err := monitor.signal(unix.SIGKILL); err != nil {
		return false, err
	}
	if err := monitor.wait(ctx); err != nil {
		return false, fmt.Errorf("process %d, which restarts server %d, does not end: %w", parent, server, err)
	}
	return true, nil
}

// monitors reports whether a process is the one of --monitor over a server: of its account, and with
// the name and title of such a process.
func monitors(parent, server int) bool {
	named, err := runs(parent, []string{monitorComm})
	if err != nil || !named || !sameAccount(parent, server) {
		return false
	}
	title, err := readProc("/proc/"+strconv.Itoa(parent)+"/cmdline", maxCommandLine)
	return err == nil && strings.HasPrefix(title, monitorTitle)
}

// sameAccount reports whether two processes have the same user IDs.
func sameAccount(a, b int) bool {
	var users [2]string
	for i, pid := range []int{a, b} {
		status, err := readBounded("/proc/"+strconv.Itoa(pid)+"/status", maxStatus)
		if err != nil {
			return false
		}
		users[i] = strings.Join(statusField(status, "Uid"), " ")
	}
	return users[0] != "" && users[0] == users[1]
}
