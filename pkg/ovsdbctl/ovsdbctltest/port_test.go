package ovsdbctltest_test

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func TestPortsOfOneTestDifferAndRefuseConnections(t *testing.T) {
	t.Parallel()
	seen := map[uint16]bool{}
	for range 100 {
		port := ovsdbctltest.Port(t)
		if seen[port] {
			t.Errorf("port %d was returned twice", port)
		}
		seen[port] = true
		for _, host := range []string{"127.0.0.1", "127.0.0.2", "::1"} {
			_, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort(host, strconv.Itoa(int(port))))
			if !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("dial %s, port %d: got %v, want ECONNREFUSED", host, port, err)
			}
		}
	}
}

func TestServersListenOnOnePortAtSeveralAddressesAndAgainAfterARestart(t *testing.T) {
	t.Parallel()
	port := strconv.Itoa(int(ovsdbctltest.Port(t)))
	for range 2 {
		var servers []*ovsdbctltest.Server
		for _, host := range []string{"127.0.0.1", "127.0.0.2", "[::1]"} {
			servers = append(servers, ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("ptcp:"+port+":"+host)))
			store, err := ovsdbctl.Open(t.Context(), "tcp:"+host+":"+port, ovsdbctl.Northbound())
			if err != nil {
				t.Fatal(err)
			}
			defer store.Close()
		}
		for _, server := range servers {
			server.Kill(t)
		}
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
}
