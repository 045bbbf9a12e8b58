package ovsdbctl

import (
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// A PeerChecker decides whether a process is the daemon that a Unix socket is meant to lead to. The
// directory of a socket may belong to an account that can lead its name to any daemon of the
// machine.
type PeerChecker interface {
	// CheckPeer returns why the process that listens is not the daemon, nil if it is. The process
	// id is one of this process's PID namespace, 0 for a process that cannot be seen from here.
	CheckPeer(pid int) error
}

// checkPeer returns ErrNotListening unless the process at the other end of a Unix socket is the
// daemon that is meant. Without a checker every process is.
func checkPeer(conn net.Conn, checker PeerChecker) error {
	if checker == nil {
		return nil
	}
	pid, err := listeningProcess(conn)
	if err == nil {
		err = checker.CheckPeer(pid)
	}
	if err != nil {
		return fmt.Errorf("%w: another process listens in its place: %w", ErrNotListening, err)
	}
	return nil
}

// listeningProcess returns the process that has called listen(2) on the other end of a Unix socket
// (SO_PEERCRED in unix(7)).
func listeningProcess(conn net.Conn) (pid int, err error) {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return 0, fmt.Errorf("cannot ask for the process at the other end of %T", conn)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return 0, err
	}
	var credentials *unix.Ucred
	var failure error
	err = raw.Control(func(fd uintptr) {
		credentials, failure = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	})
	if err == nil {
		err = failure
	}
	if err != nil {
		return 0, fmt.Errorf("cannot ask for the process at the other end: %w", err)
	}
	return int(credentials.Pid), nil
}
