package control

import (
	"context"
	"net/netip"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/process"
)

// Controller carries out decisions about the servers of one resource on this
// node. Its methods are idempotent; a method that was cut short anywhere leaves
// a state from which any of them goes on.
type Controller struct {
	// Instance is the resource's name, Node this node's as the cluster knows it.
	Instance, Node string
	// Remote and AttributeHost are further parts of the node's [Identity].
	Remote        bool
	AttributeHost string
	Units         []Unit
	Layout        process.Layout
	// StateDir keeps the node's state beyond a reboot, RunDir until one. Both are root's.
	StateDir, RunDir string
	// Owner is whom servers and files belong to.
	Owner     process.Owner
	Listening Listening
	// ManageNorthd says that ovn-northd runs on this node while it is promoted.
	ManageNorthd bool
	// NorthdThreads is how many threads it has; 0 is for one. NorthdParameters is the file with its
	// options in place of those for the servers of this node; "" is for none.
	NorthdThreads    int
	NorthdParameters string
	// Snapshots is how many snapshots of each database are kept; 0 is for the
	// default.
	Snapshots int
	// LeadWhenBehind is after how long without a node that may lead data may lead that was
	// behind; 0 is for never.
	LeadWhenBehind time.Duration
	// BusyPatience is how long a server may work without answering before it is
	// taken for failed; 0 is for the default.
	BusyPatience time.Duration
	// Parameters are those that can be changed while the resource runs, as text that start and reload
	// keep.
	Parameters string
	// MonitorInterval is the time from one monitor to the next, if this action is one that recurs.
	MonitorInterval time.Duration
	// Leaving says that this node is stopped after its demotion: its promotion score goes
	// then, and each change makes the cluster compute its transition again.
	Leaving bool
	Cluster Cluster
	// Supervision is how the supervisor is started.
	Supervision Supervision
	// Holds reports whether this node has an address on one of its interfaces.
	Holds func(netip.Addr) bool
	// CanListen reports whether a server could listen there now; nil if it could.
	CanListen func(context.Context, netip.AddrPort) error
	// Complete, if set, fills in Owner and Listening.NodeAddress, which a monitor needs only
	// where the supervisor's state is no answer.
	Complete func(context.Context)
	Log      logrus.FieldLogger

	// sessions are by database; none without [Controller.KeepSessions].
	sessions map[string]*serverSession
	// ownTerms reads the own term; nil without [Controller.KeepSessions].
	ownTerms *ownTermReader
	// repeated are the failures logged a moment ago; nil without [Controller.KeepSessions].
	repeated *FailureLog
	// savedState is the supervisor's state as it was saved last.
	savedState []byte
}

// warn logs a failure that must not fail the action, with its consequence; the supervisor does not repeat the same
// within a minute.
func (c *Controller) warn(err error, consequence string) {
	if err != nil && c.repeated.Due(time.Now(), consequence+": "+err.Error()) {
		c.Log.WithError(err).Warn(consequence)
	}
}
