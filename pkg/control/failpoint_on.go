//go:build faultpoints

package control

import (
	"os"
	"strings"
	"syscall"
)

// faultFile names the point at which the agent is to be killed, once. With the word "stop" after
// the point it is stopped, until it is told to go on.
const faultFile = "/var/run/ovndb-servers.fault"

// failpoint kills the agent the way Pacemaker does, if this is the point that the file names.
func failpoint(point string) {
	text, err := os.ReadFile(faultFile)
	armed, action, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	if err != nil || armed != point || os.Remove(faultFile) != nil {
		return
	}
	signal := syscall.SIGKILL
	if action == "stop" {
		signal = syscall.SIGSTOP
	}
	_ = syscall.Kill(os.Getpid(), signal)
}
