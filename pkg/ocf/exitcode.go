package ocf

import "fmt"

// ExitCode is an action's process exit code.
type ExitCode int

// The exit codes of OCF 1.1, and Pacemaker's two for a service that works but is degraded. How
// Pacemaker's scheduler treats them: lib/pengine/unpack.c in its tree.
const (
	Success          ExitCode = 0   // done; for monitor: runs, unpromoted
	ErrGeneric       ExitCode = 1   // failed; may be tried again here
	ErrArgs          ExitCode = 2   // the parameters do not fit this node
	ErrUnimplemented ExitCode = 3   // no such action
	ErrPerm          ExitCode = 4   // this node refuses a permission
	ErrInstalled     ExitCode = 5   // a program or file is missing on this node
	ErrConfigured    ExitCode = 6   // the parameters are wrong on any node
	NotRunning       ExitCode = 7   // nothing of the resource runs here
	RunningPromoted  ExitCode = 8   // monitor: runs, promoted
	FailedPromoted   ExitCode = 9   // monitor: promoted, or may be, and failed
	Degraded         ExitCode = 190 // monitor: as Success, with a fault
	DegradedPromoted ExitCode = 191 // monitor: as RunningPromoted, with a fault
)

// String returns the name the specification gives the code, and "OCF_UNKNOWN(n)" for a code it does
// not know.
func (c ExitCode) String() string {
	names := map[ExitCode]string{
		Success:          "OCF_SUCCESS",
		ErrGeneric:       "OCF_ERR_GENERIC",
		ErrArgs:          "OCF_ERR_ARGS",
		ErrUnimplemented: "OCF_ERR_UNIMPLEMENTED",
		ErrPerm:          "OCF_ERR_PERM",
		ErrInstalled:     "OCF_ERR_INSTALLED",
		ErrConfigured:    "OCF_ERR_CONFIGURED",
		NotRunning:       "OCF_NOT_RUNNING",
		RunningPromoted:  "OCF_RUNNING_PROMOTED",
		FailedPromoted:   "OCF_FAILED_PROMOTED",
		Degraded:         "OCF_DEGRADED",
		DegradedPromoted: "OCF_DEGRADED_PROMOTED",
	}
	if name, known := names[c]; known {
		return name
	}
	return fmt.Sprintf("OCF_UNKNOWN(%d)", int(c))
}
