package network_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/network"
	"ovndb-servers/pkg/process/processtest"
)

// isolate gives the test a network namespace of its own, in which only the loopback
// interface is, and that is up. Goroutines that the test starts are not in it. The
// thread, and with it the namespace, ends with the test.
func isolate(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		runtime.UnlockOSThread()
		processtest.SkipWithoutRight(t, "cannot make a network namespace: %v", err)
	}
	// struct ifinfomsg of rtnetlink(7).
	up := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(up[4:], loopback)
	binary.NativeEndian.PutUint32(up[8:], unix.IFF_UP)
	binary.NativeEndian.PutUint32(up[12:], unix.IFF_UP)
	change(t, unix.RTM_NEWLINK, 0, up)
}

// loopback is the index of the loopback interface in every namespace.
const loopback = 1

// addAddress gives the loopback interface an address, removeAddress takes it away.
func addAddress(t *testing.T, prefix string) {
	t.Helper()
	change(t, unix.RTM_NEWADDR, netlink.Create|netlink.Excl, addressMessage(t, prefix))
}

func removeAddress(t *testing.T, prefix string) {
	t.Helper()
	change(t, unix.RTM_DELADDR, 0, addressMessage(t, prefix))
}

// addressMessage is struct ifaddrmsg of rtnetlink(7) and its attributes.
func addressMessage(t *testing.T, text string) []byte {
	t.Helper()
	prefix := netip.MustParsePrefix(text)
	address := prefix.Addr().AsSlice()
	attributes, err := netlink.MarshalAttributes([]netlink.Attribute{
		{Type: unix.IFA_LOCAL, Data: address}, {Type: unix.IFA_ADDRESS, Data: address},
	})
	if err != nil {
		t.Fatal(err)
	}
	family := byte(unix.AF_INET)
	if prefix.Addr().Is6() {
		family = unix.AF_INET6
	}
	header := []byte{family, byte(prefix.Bits()), unix.IFA_F_NODAD, unix.RT_SCOPE_UNIVERSE}
	return bytes.Join([][]byte{header, binary.NativeEndian.AppendUint32(nil, loopback), attributes}, nil)
}

// change asks the kernel for a change and waits until it is made.
func change(t *testing.T, kind netlink.HeaderType, flags netlink.HeaderFlags, data []byte) {
	t.Helper()
	connection, err := netlink.Dial(unix.NETLINK_ROUTE, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close() //nolint:errcheck // nothing is left to say
	message := netlink.Message{Header: netlink.Header{Type: kind, Flags: flags | netlink.Request | netlink.Acknowledge}, Data: data}
	if _, err := connection.Execute(message); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, changed <-chan struct{}, text string) {
	t.Helper()
	select {
	case <-changed:
	case <-time.After(time.Minute):
		t.Fatalf("not reported: %s", text)
	}
}

func TestWatchReportsAddressesOfEitherFamilyThatComeAndGo(t *testing.T) {
	t.Parallel()
	isolate(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changed, err := network.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, prefix := range []string{"192.0.2.254/32", "2001:db8::254/128"} {
		addAddress(t, prefix)
		await(t, changed, prefix+" came")
		removeAddress(t, prefix)
		await(t, changed, prefix+" went")
	}
}

func TestHoldsOnlyTheAddressesThatAnInterfaceHas(t *testing.T) {
	t.Parallel()
	isolate(t)
	addAddress(t, "192.0.2.10/24")
	addAddress(t, "2001:db8::10/64")
	for address, want := range map[string]bool{
		"192.0.2.10": true, "2001:db8::10": true, "127.0.0.1": true, "::1": true,
		"192.0.2.11": false, "192.0.2.0": false, "2001:db8::11": false, "127.0.0.2": false,
	} {
		if got := (network.Interfaces{}).Holds(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %t, want %t", address, got, want)
		}
	}
}

func TestAddressesBesideAVirtualOneAreTheKeptOnesOfItsNetworkFirst(t *testing.T) {
	t.Parallel()
	isolate(t)
	for _, prefix := range []string{
		"192.0.2.10/24", "192.0.2.11/24", "192.0.2.254/32", "198.51.100.9/32", "2001:db8::10/64", "2001:db8::254/128", "fe80::1/64",
	} {
		addAddress(t, prefix)
	}
	for target, want := range map[string][]string{
		"192.0.2.77":    {"192.0.2.10", "192.0.2.11"}, // the second is a secondary one
		"192.0.2.254":   {"192.0.2.10", "192.0.2.11"}, // a virtual address that is here
		"192.0.2.10":    {"192.0.2.11"},
		"2001:db8::254": {"2001:db8::10"},
		"fe80::2":       nil,
		"203.0.113.1":   nil,
		"198.51.100.9":  nil, // here, and no other address in its network
	} {
		got, err := network.Interfaces{}.Beside(netip.MustParseAddr(target))
		var text []string
		for _, a := range got {
			text = append(text, a.String())
		}
		if err != nil || !slices.Equal(text, want) {
			t.Errorf("%s: %v (%v), want %v", target, text, err, want)
		}
	}
}

func TestSourceIsThatOfTheRoute(t *testing.T) {
	t.Parallel()
	isolate(t)
	for _, prefix := range []string{"192.0.2.10/24", "192.0.2.254/32"} {
		addAddress(t, prefix)
	}
	for target, want := range map[string]string{
		"192.0.2.77": "192.0.2.10", "192.0.2.254": "192.0.2.254", "127.0.0.9": "127.0.0.1",
	} {
		got, err := network.Interfaces{}.Source(t.Context(), netip.MustParseAddr(target))
		if err != nil || got.String() != want {
			t.Errorf("%s: %v (%v), want %s", target, got, err, want)
		}
	}
	if got, err := (network.Interfaces{}).Source(t.Context(), netip.MustParseAddr("203.0.113.1")); !errors.Is(err, network.ErrNoAddress) {
		t.Errorf("no route: %v (%v), want ErrNoAddress", got, err)
	}
}

func TestCanListenWhereAnotherListensOrTheAddressIsMissingIsAnError(t *testing.T) {
	t.Parallel()
	isolate(t)
	addAddress(t, "192.0.2.10/24")
	const at = "192.0.2.10:6641"
	can := func(at string) error {
		return network.Interfaces{}.CanListen(t.Context(), netip.MustParseAddrPort(at))
	}
	for range 2 { // the first left nothing behind
		if err := can(at); err != nil {
			t.Error(err)
		}
	}
	if err := can("203.0.113.1:6641"); !errors.Is(err, unix.EADDRNOTAVAIL) {
		t.Errorf("another node's address: %v, want EADDRNOTAVAIL", err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", at)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // it took no connection
	if err := can(at); !errors.Is(err, unix.EADDRINUSE) {
		t.Errorf("where another listens: %v, want EADDRINUSE", err)
	}
}
