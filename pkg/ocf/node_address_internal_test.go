package ocf

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
)

// site is the network and the cluster of a node, as its own address is searched for there.
type site struct {
	Network
	noCluster

	// held and beside are the node's addresses, and those of them in the network of the virtual one.
	held, beside []string
	// taken are the addresses of the cluster's resources; none says that the cluster answers nothing.
	taken []string
	// member and source are empty if they cannot be had; others are further addresses of the member.
	member, source string
	others         []string
	asked          int
}

func (s *site) Holds(address netip.Addr) bool { return slices.Contains(s.held, address.String()) }

func (s *site) Beside(netip.Addr) ([]netip.Addr, error) {
	s.asked++
	return parseAll(s.beside), nil
}

func (s *site) Source(context.Context, netip.Addr) (netip.Addr, error) { return parseOr(s.source) }

func (s *site) MemberAddresses(context.Context, control.Identity) ([]netip.Addr, error) {
	address, err := parseOr(s.member)
	return append([]netip.Addr{address}, parseAll(s.others)...), err
}

func (s *site) ResourceAddresses(context.Context) ([]netip.Addr, error) {
	if s.taken == nil {
		return nil, errors.New("the cluster does not answer")
	}
	return parseAll(s.taken), nil
}

func parseAll(texts []string) (all []netip.Addr) {
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func parseOr(text string) (netip.Addr, error) {
	if text == "" {
		return netip.Addr{}, errors.New("not known")
	}
	return netip.ParseAddr(text)
}

func TestOwnAddressStaysOnTheNode(t *testing.T) {
	t.Parallel()
	const virtual = "192.0.2.254"
	for name, tt := range map[string]struct {
		site
		want string
	}{
		"one address in the network": {site{beside: []string{"192.0.2.10"}, taken: []string{virtual}, source: "192.0.2.10"}, "192.0.2.10"},
		"another virtual address is listed first": {
			site{beside: []string{"192.0.2.253", "192.0.2.10"}, taken: []string{virtual, "192.0.2.253"}, source: "192.0.2.253"}, "192.0.2.10",
		},
		"the route's own source": {
			site{beside: []string{"192.0.2.10", "192.0.2.11"}, taken: []string{virtual}, source: "192.0.2.11"}, "192.0.2.11",
		},
		"the virtual address is outside the node's networks, and here": {
			site{held: []string{"198.51.100.1"}, taken: []string{virtual}, source: virtual, member: "198.51.100.1"}, "198.51.100.1",
		},
		"only virtual addresses are in its network": {
			site{held: []string{"198.51.100.1"}, beside: []string{"192.0.2.253"}, taken: []string{virtual, "192.0.2.253"}, source: "192.0.2.253", member: "198.51.100.1"},
			"198.51.100.1",
		},
		"no Corosync here, and a route":         {site{taken: []string{virtual}, source: "203.0.113.5"}, "203.0.113.5"},
		"Corosync's address is behind a router": {site{taken: []string{virtual}, source: "203.0.113.5", member: "198.51.100.1"}, "203.0.113.5"},
		"the cluster does not answer":           {site{beside: []string{"192.0.2.10"}, source: virtual}, "192.0.2.10"},
		"nothing stays":                         {site{taken: []string{virtual, "203.0.113.5"}, source: "203.0.113.5"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := Agent{Network: &tt.site, Cluster: &tt.site, Log: logrus.New()}
			got, err := a.searchAddress(t.Context(), Parameters{MasterIP: netip.MustParseAddr(virtual)}, control.Identity{})
			if tt.want == "" {
				if !errors.Is(err, ErrNoOwnAddress) {
					t.Errorf("%v (%v), want ErrNoOwnAddress", got, err)
				}
				return
			}
			if err != nil || got.String() != tt.want {
				t.Errorf("%v (%v), want %s", got, err, tt.want)
			}
		})
	}
}

// With a load balancer, or clients that know all nodes, no virtual address names a network.
func TestOwnAddressWithoutAVirtualOneIsThatOfTheMembership(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		site
		want string
	}{
		"on this node":              {site{held: []string{"198.51.100.1"}, taken: []string{}, member: "198.51.100.1"}, "198.51.100.1"},
		"a resource's":              {site{held: []string{"198.51.100.1"}, taken: []string{"198.51.100.1"}, member: "198.51.100.1"}, ""},
		"the second of its name":    {site{held: []string{"198.51.100.1"}, taken: []string{}, member: "127.0.1.1", others: []string{"198.51.100.1"}}, "198.51.100.1"},
		"on another node":           {site{taken: []string{}, member: "198.51.100.1"}, ""},
		"no Corosync, but a source": {site{held: []string{"198.51.100.1"}, taken: []string{}, source: "198.51.100.1"}, ""},
	} {
		a := Agent{Network: &tt.site, Cluster: &tt.site, Log: logrus.New()}
		got, err := a.searchAddress(t.Context(), Parameters{}, control.Identity{})
		if tt.want == "" && !errors.Is(err, ErrNoOwnAddress) || tt.want != "" && (err != nil || got.String() != tt.want) {
			t.Errorf("%s: %v (%v), want %q", name, got, err, tt.want)
		}
	}
	a := Agent{Network: &site{}, Cluster: &site{}, Log: logrus.New()}
	if got, err := a.searchAddress(t.Context(), Parameters{ListenOnMasterIPOnly: true}, control.Identity{}); got.IsValid() || err != nil {
		t.Errorf("with a virtual address that is missing: %v (%v)", got, err)
	}
}

// From a node that found its address when no other virtual one was there; the outcome is that the
// address stays the same, and that no action searches again, until it has gone.
func TestOwnAddressIsSearchedForAgainOnlyWhenItHasGone(t *testing.T) {
	t.Parallel()
	p := Parameters{MasterIP: netip.MustParseAddr("192.0.2.254")}
	s := &site{held: []string{"192.0.2.10"}, beside: []string{"192.0.2.10"}, taken: []string{}}
	a, c := Agent{Network: s, Cluster: s, Log: logrus.New()}, &control.Controller{RunDir: t.TempDir(), Log: logrus.New()}
	want := func(address string, asked int) {
		t.Helper()
		got, err := a.ownAddress(t.Context(), p, c)
		if err != nil || got.String() != address || s.asked != asked {
			t.Errorf("%v (%v), asked %d times; want %s, %d", got, err, s.asked, address, asked)
		}
	}
	want("192.0.2.10", 1)
	s.beside = []string{"192.0.2.77", "192.0.2.10"}
	want("192.0.2.10", 1)
	s.held, s.beside = []string{"192.0.2.11"}, []string{"192.0.2.11"}
	want("192.0.2.11", 2)
	p.NodeAddress = netip.MustParseAddr("203.0.113.9")
	want("203.0.113.9", 2)
	p.NodeAddress = netip.Addr{}
	want("192.0.2.11", 2)
}
