package ovsdbctltest

import (
	"net"
	"os"
	"strconv"
	"testing"
)

// Dir returns a new directory that is removed after the test. Its path is short: the
// path of a Unix socket is limited to 107 bytes, which that of tb.TempDir can exceed.
func Dir(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "ovn")
	if err != nil {
		tb.Fatalf("cannot create a directory for sockets: %v", err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("cannot remove the directory for sockets: %v", err)
		}
	})
	return dir
}

// FreePort returns a TCP port that nobody listened on at host a moment ago. host is an
// IP address without brackets.
func FreePort(tb testing.TB, host string) string {
	tb.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(tb.Context(), "tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		tb.Fatalf("cannot find a free port on %s: %v", host, err)
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if err := listener.Close(); err != nil || !ok {
		tb.Fatalf("cannot find a free port on %s: %v", host, err)
	}
	return strconv.Itoa(address.Port)
}
