package control

import (
	"net/netip"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
)

// The purposes of the agent's own Connection rows; see [ovsdbctl.Connection].
const (
	// PurposeClients marks the row that clients reach the active server by.
	PurposeClients = "clients"
	// PurposeReplication marks the row that backups reach it by.
	PurposeReplication = "replication"
	// roleReplication is the role of the row for backups, which only read: no row of RBAC_Role has
	// this name, and so the server permits no write. In the northbound database rows have no role.
	roleReplication = "ovndb-replication"
)

// Listening says where the active server of a node listens.
type Listening struct {
	// MasterIP is the virtual address of the resource.
	MasterIP netip.Addr
	// NodeAddress is the node's own address, which backups replicate from.
	NodeAddress netip.Addr
	// MasterIPOnly is false where a load balancer, or clients that know the nodes' addresses, need every
	// address served. MasterIP may then be invalid.
	MasterIPOnly bool
	// DualStack says that a server on any IPv6 address takes connections by IPv4 as well.
	DualStack bool
	// ClientProbe and ReplicationProbe are the inactivity probe intervals of the
	// two kinds of session; 0 turns a probe off.
	ClientProbe, ReplicationProbe time.Duration
}

// Connections returns the Connection rows of an active server. Where one
// listener serves both purposes, because it listens on any address or because
// the node's own address is the virtual one, there is only the clients' row, whose
// probe is the longer one: a backup that copies a large database may not be cut off.
func (l Listening) Connections(e Endpoint) []ovsdbctl.Connection {
	clients := ovsdbctl.Connection{
		Purpose: PurposeClients, Target: e.Listener(l.clientAddress()), InactivityProbe: l.ClientProbe, Role: e.Role,
	}
	if !l.separate() {
		clients.InactivityProbe = longerProbe(l.ClientProbe, l.ReplicationProbe)
		return []ovsdbctl.Connection{clients}
	}
	return []ovsdbctl.Connection{clients, {
		Purpose: PurposeReplication, Target: e.Listener(l.NodeAddress), InactivityProbe: l.ReplicationProbe, Role: roleReplication,
	}}
}

func (l Listening) clientAddress() netip.Addr {
	switch {
	case l.MasterIPOnly:
		return l.MasterIP
	case l.MasterIP.Is6(), l.DualStack:
		return netip.IPv6Unspecified()
	default:
		return netip.IPv4Unspecified()
	}
}

// longerProbe returns the probe interval that comes later; 0 is for never.
func longerProbe(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

func (l Listening) separate() bool {
	return l.MasterIPOnly && l.NodeAddress.IsValid() && l.NodeAddress != l.MasterIP
}
