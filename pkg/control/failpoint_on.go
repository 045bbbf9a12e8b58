//go:build faultpoints

package control

import (
	"os"
	"strings"
	"syscall"
)

// faultFile names the point at which the agent is to be killed, once.
const faultFile = "/var/run/ovndb-servers.fault"

// failpoint kills the agent the way Pacemaker does, if this is the point that the
// file names.
func failpoint(point string) {
	text, err := os.ReadFile(faultFile)
	if err != nil || strings.TrimSpace(string(text)) != point {
		return
	}
	if os.Remove(faultFile) == nil {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
}
