package control

import (
	"errors"

	"ovndb-servers/pkg/process"
)

// Running returns the process of the unit's server, 0 if none runs: no process holds the lock of
// its database file. With an error it is not known whether one runs, and it must be taken for
// running.
func (u Unit) Running() (pid int, err error) {
	pid, err = u.Files.Owner()
	if errors.Is(err, process.ErrNotRunning) {
		return 0, nil
	}
	return pid, err
}

// Open returns the live process of the unit's server, or [process.ErrNotRunning]. The caller
// closes it.
func (u Unit) Open() (*process.Process, error) { return u.Files.Open() }

// stopped reports whether it is certain that no server of the unit runs.
func (u Unit) stopped() bool {
	pid, err := u.Running()
	return err == nil && pid == 0
}
