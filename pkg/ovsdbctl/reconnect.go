package ovsdbctl

import (
	"context"
	"strconv"
	"strings"
)

// keepsRefusedLocks returns the first version in which a client whose lock a backup refused gets it
// once the server is active.
func keepsRefusedLocks() [2]int { return [2]int{3, 3} }

// EndIdleSessions ends all sessions with the server if it is of a version in which a client that has
// asked a backup for a lock, as ovn-northd does, is left without it for as long as its session lasts:
// up to Open vSwitch 3.2 a backup refuses locks, and its clients ask once in a session. They connect
// again by themselves. The caller closes the listeners first that are not to be disturbed.
func (s Server) EndIdleSessions(ctx context.Context) error {
	const step = "end the sessions"
	text, err := s.Version(ctx)
	if err != nil {
		return err
	}
	if version, ok := parseVersion(text); ok && !older(version, keepsRefusedLocks()) {
		return nil
	}
	if _, err := s.call(ctx, "ovsdb-server/reconnect"); err != nil {
		return s.failed(step, err)
	}
	return nil
}

// parseVersion reads the first two numbers of "3.1.0".
func parseVersion(text string) (version [2]int, ok bool) {
	numbers := strings.SplitN(text, ".", 3)
	if len(numbers) < 2 {
		return version, false
	}
	for i := range version {
		n, err := strconv.Atoi(numbers[i])
		if err != nil {
			return version, false
		}
		version[i] = n
	}
	return version, true
}

func older(a, b [2]int) bool { return a[0] < b[0] || a[0] == b[0] && a[1] < b[1] }
