//go:build faultpoints

package control

import (
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// faultFile names the point at which the agent is to be killed, once. With the word "stop" after
// the point it is stopped, until it is told to go on; with the word "crash" it crashes.
const faultFile = "/var/run/ovndb-servers.fault"

// failpoint kills the agent the way Pacemaker does, if this is the point that the file names.
func failpoint(point string) {
	text, err := os.ReadFile(faultFile)
	armed, action, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if err != nil || armed != point || os.Remove(faultFile) != nil {
		return
	}
	signal := unix.SIGKILL
	switch action {
	case "stop":
		signal = unix.SIGSTOP
	case "crash":
		signal = unix.SIGSEGV
	}
	// A signal to the process may be delivered to another thread, and this one goes on meanwhile.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	_ = unix.Tgkill(os.Getpid(), unix.Gettid(), signal)
}
