package control

import (
	"context"
	"errors"

	"ovndb-servers/pkg/replication"
)

// ErrLeads is returned by actions that a node that leads cannot carry out.
var ErrLeads = errors.New("this node leads")

// RequestReinit has the supervisor copy the databases of this backup from the node that leads again,
// whatever they hold, each after a snapshot. The request counts in the term of the record alone. It
// waits for another action to end, and returns ErrLeads on a node that leads.
func (c *Controller) RequestReinit(ctx context.Context, record replication.Record) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer c.poke() // when the supervisor can have the lock
	defer unlock()
	own, err := c.OwnTerm()
	if err == nil && own != nil {
		err = ErrLeads
	}
	if err != nil {
		return err
	}
	for _, u := range c.Units {
		if err := c.reinit(u).write(record.TermID); err != nil {
			return errors.Join(err, c.WithdrawReinit())
		}
	}
	return c.pendingFollow().write(record.Node)
}

// ReinitPending returns the databases that are still to be copied by request.
func (c *Controller) ReinitPending() []string {
	var pending []string
	for _, u := range c.Units {
		if c.reinit(u).held() {
			pending = append(pending, u.Name())
		}
	}
	return pending
}

// WithdrawReinit takes a request back. A copy that has begun goes on.
func (c *Controller) WithdrawReinit() error {
	var failures []error
	for _, u := range c.Units {
		failures = append(failures, c.reinit(u).drop())
	}
	return errors.Join(failures...)
}

// reinitIn reports whether an operator gives up the content of a database, in the term of a record.
func (c *Controller) reinitIn(u Unit, record *replication.Record) bool {
	return record != nil && c.reinit(u).held() && c.reinit(u).read() == record.TermID
}
