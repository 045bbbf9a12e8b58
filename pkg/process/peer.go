package process

import (
	"errors"
	"fmt"
)

// CheckPeer returns why the process that listens on a socket of the server is not the server, nil if
// it is: it holds the server's lock, runs its program, and its account is root's, this process's or
// that of the locked file.
func (f ServerFiles) CheckPeer(pid int) error { return f.daemon().checkPeer(pid) }

// CheckPeer is [ServerFiles.CheckPeer] for the control socket of ovn-northd.
func (f NorthdFiles) CheckPeer(pid int) error {
	return pidfileDaemon(Pidfile(f.Pidfile), NorthdProgram).checkPeer(pid)
}

func (d daemon) checkPeer(pid int) error {
	for _, l := range d.locks {
		held, err := l.holder()
		switch {
		case errors.Is(err, ErrNotRunning):
		case err != nil:
			return err
		case held.pid != pid:
			return fmt.Errorf("process %d listens, and process %d has locked %s", pid, held.pid, l)
		default:
			return held.identify(d)
		}
	}
	return fmt.Errorf("process %d listens, and has locked none of the files of %s", pid, d.program)
}
