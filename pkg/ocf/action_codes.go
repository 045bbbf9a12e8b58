package ocf

import (
	"errors"
	"io/fs"
	"os/user"

	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// healthCode is monitor's exit code of a health.
func healthCode(h replication.Health) ExitCode {
	switch h {
	case replication.HealthStopped:
		return NotRunning
	case replication.HealthBackup:
		return Success
	case replication.HealthBackupDegraded:
		return Degraded
	case replication.HealthActive:
		return RunningPromoted
	case replication.HealthActiveDegraded:
		return DegradedPromoted
	case replication.HealthFailedActive:
		return FailedPromoted
	case replication.HealthFailed:
		return ErrGeneric
	default:
		return ErrGeneric
	}
}

// errorCode is the exit code of an action that ended with err. A damaged database is a soft error
// of this node: once it is repaired or removed, the same start succeeds.
func errorCode(err error) ExitCode {
	invalid := new(ParameterError)
	_, noUser := errors.AsType[user.UnknownUserError](err)
	_, noGroup := errors.AsType[user.UnknownGroupError](err)
	switch {
	case err == nil:
		return Success
	case errors.Is(err, pki.ErrRefused): // it passes with new files, which needs no cleanup then
		return ErrGeneric
	case errors.As(err, &invalid), errors.Is(err, process.ErrSystemDirectory):
		return ErrConfigured
	case errors.Is(err, process.ErrDirectoryRefused):
		return ErrArgs
	case errors.Is(err, process.ErrProgramMissing), errors.Is(err, process.ErrSchemaMissing), noUser, noGroup:
		return ErrInstalled
	case errors.Is(err, fs.ErrPermission):
		return ErrPerm
	default:
		return ErrGeneric
	}
}
