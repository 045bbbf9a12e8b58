package control

import (
	"context"
	"fmt"
	"slices"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// ensureRows makes the Connection rows of an active server those of a node that leads, and logs
// which rows of others it has removed.
func (c *Controller) ensureRows(ctx context.Context, u Unit, s *ovsdbctl.Store) error {
	changed, err := s.EnsureConnections(ctx, c.Listening.Connections(u.Endpoint), c.otherTargets(u)...)
	if err != nil {
		return err
	}
	if len(changed.Removed) > 0 {
		c.logRows(u, changed.Removed).
			Warn("removed Connection rows of clients, by which the server would remove a file, or take a port of the agent's listeners")
	}
	if len(changed.Covered) > 0 {
		c.logRows(u, changed.Covered).Info("removed Connection rows of the agent's own: an operator's serve in their place, or they are of another node")
	}
	return nil
}

// otherTargets returns where the servers of the other databases of this node listen.
func (c *Controller) otherTargets(u Unit) []string {
	var targets []string
	for _, other := range c.Units {
		if other.Name() == u.Name() {
			continue
		}
		for _, connection := range c.Listening.Connections(other.Endpoint) {
			targets = append(targets, connection.Target)
		}
	}
	return targets
}

func (c *Controller) logRows(u Unit, targets []string) *logrus.Entry {
	return c.Log.WithField("db", u.Name()).WithField("targets", fmt.Sprintf("%.200q", targets))
}

// KeepListeners looks at the Connection rows and listeners of a node that leads the term own, which
// clients may have removed or changed, puts them right, and returns the faults. mayOpen is asked
// before listeners are opened that are closed. It changes nothing while an action is under way,
// which opens or closes them itself.
func (c *Controller) KeepListeners(ctx context.Context, own replication.OwnTerm, mayOpen func() bool) []string {
	checked := parallel.Map(c.Units, func(u Unit) listenerState { return c.checkListeners(ctx, u, own.Record.TermID) })
	if !slices.ContainsFunc(checked, listenerState.wrong) {
		return nil
	}
	unlock, ok, err := c.tryLockInTerm(own)
	if err != nil || !ok {
		return nil
	}
	defer unlock()
	return slices.Concat(parallel.Map(checked, func(s listenerState) []string {
		if !s.wrong() {
			return nil
		}
		return []string{c.mendListeners(ctx, s, mayOpen)}
	})...)
}

// A listenerState holds the faults of the rows and listeners of a server.
type listenerState struct {
	unit Unit
	rows ovsdbctl.ConnectionChange // to be made
	// closed says that the server does not listen where its rows say, and outdated that it lets
	// clients do as much as the rows permitted before: up to Open vSwitch 3.2 a listener keeps the
	// role with which it was opened.
	closed, outdated bool
}

func (s listenerState) wrong() bool {
	return s.closed || s.outdated || len(s.rows.Ours)+len(s.rows.Removed)+len(s.rows.Covered) > 0
}

// checkListeners looks at the rows and listeners of a server. That one does not answer is reported
// elsewhere.
func (c *Controller) checkListeners(ctx context.Context, u Unit, termID string) listenerState {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	found := listenerState{unit: u}
	var roles map[string]string
	err := c.withStore(ctx, u, func(s *ovsdbctl.Store) (err error) {
		found.rows, roles, err = s.CheckConnections(ctx, c.Listening.Connections(u.Endpoint), c.otherTargets(u)...)
		return err
	})
	if err != nil {
		return found
	}
	session := c.sessions[u.Name()]
	found.outdated = len(found.rows.Ours) == 0 && session.rolesChanged(termID, roles)
	server, _, _ := session.current(u.Server)
	open, err := server.ConnectionsOpen(ctx)
	found.closed = err == nil && !open
	return found
}

// mendListeners puts the rows and listeners of a server right, and returns their faults.
func (c *Controller) mendListeners(ctx context.Context, s listenerState, mayOpen func() bool) string {
	ctx, cancel := withBudget(ctx, answerFraction, answerTimeout)
	defer cancel()
	u := s.unit
	err := c.write(ctx, u, "put the agent's Connection rows back into "+u.Name(), func(ctx context.Context, store *ovsdbctl.Store) error {
		return c.ensureRows(ctx, u, store)
	})
	if err == nil && s.outdated {
		err = u.Server.CloseConnections(ctx)
	}
	if err == nil && (s.closed || s.outdated) {
		err = c.openWhile(ctx, u, mayOpen)
	}
	reason := s.reason()
	if err != nil {
		return fmt.Sprintf("%s; %v", reason, err)
	}
	if s.outdated {
		c.sessions[u.Name()].forgetRoles()
	}
	c.logRows(u, s.rows.Ours).Warn("put Connection rows and listeners right: " + reason)
	return reason
}

// reason names the faults.
func (s listenerState) reason() string {
	switch name := s.unit.Name(); {
	case s.closed:
		return "the listeners of the " + name + " server were closed by a command"
	case len(s.rows.Ours) > 0:
		return "Connection rows of " + name + " were removed or changed by a client"
	case s.outdated:
		return "the role in a Connection row of " + name + " was changed, which its listener does not follow by itself"
	default:
		return "Connection rows of " + name + " were added by a client where the agent's listeners are"
	}
}
