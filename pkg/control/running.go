package control

import (
	"errors"

	"ovndb-servers/pkg/process"
)

// Running returns the process of the unit's server, 0 if none runs. With an error it is not
// known whether one runs, and it must be taken for running.
func (u Unit) Running() (pid int, err error) {
	pid, err = process.Pidfile(u.Files.Pidfile).Owner()
	if errors.Is(err, process.ErrNotRunning) {
		return 0, nil
	}
	return pid, err
}

// stopped reports whether it is certain that no server of the unit runs.
func (u Unit) stopped() bool {
	pid, err := u.Running()
	return err == nil && pid == 0
}
