package ovsdbctl

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// purposeKey is the key of a Connection row's external_ids that marks it as ours.
	purposeKey = "ovndb-servers"
	// maxAttempts bounds how often a change of the rows is planned again because another
	// client changed them between our reading and our writing.
	maxAttempts = 5
)

// A Connection is a row of the Connection table that this package maintains: a target on
// which the server listens between [Server.OpenConnections] and [Server.CloseConnections].
type Connection struct {
	// Purpose identifies the row, by external_ids:ovndb-servers: "clients", for instance.
	Purpose string
	// Target is a passive connection method: "ptcp:6641" or "ptcp:6641:[::1]".
	Target string
	// InactivityProbe is the silence after which the server sends an echo to a client.
	// 0 means never; it is rounded down to a millisecond.
	InactivityProbe time.Duration
	// Role limits the writes of clients (RBAC), empty for not at all. It has no effect in a
	// database whose Connection table has no such column.
	Role string
}

// A ConnectionChange is a change that [Store.EnsureConnections] has made.
type ConnectionChange struct {
	// Removed has the targets of removed rows that were not ours.
	Removed []string
	// Ours has the targets of those of our rows that were missing or wrong, and Covered of those that
	// were removed because an operator's row serves for them, or they are not wanted any more.
	Ours, Covered []string
}

// EnsureConnections makes the rows with a purpose exactly those of want, in one
// transaction: rows are created, their target, probe interval and role corrected, and those
// whose purpose is not in want deleted. Nothing is written if the rows are so already.
//
// Rows without a purpose are an operator's and stay untouched. If one of them listens where
// one of want would, by the same protocol and on the same or on any address, it takes the
// place of ours: its role, probe interval and address hold. Whoever has made a row of want
// or one in its place read-only, it becomes writable: no client could use the server
// through it, nor a promotion be proven.
//
// Rows with a target "punix:PATH" are removed, because the server would remove that file,
// and so are those that take the port of a listener of want, by another protocol, or of one
// of reserved, the targets of another server of this node.
//
// The error is ErrNoGlobal if there is no global row to link the rows to, ErrReadOnly
// if the server is a backup and rows must change, ErrBadArgument if want holds a purpose
// or a target twice, an empty one, or a negative interval.
func (s *Store) EnsureConnections(ctx context.Context, want []Connection, reserved ...string) (ConnectionChange, error) {
	var changed ConnectionChange
	err := validConnections(want)
	if err == nil {
		err = untilUnchanged(func() error {
			changed, err = s.ensureConnections(ctx, want, reserved)
			return err
		})
	}
	if err != nil {
		return ConnectionChange{}, fmt.Errorf("cannot ensure the connections: %w", err)
	}
	return changed, nil
}

// untilUnchanged makes further attempts while another client has changed the rows on which one
// rested, and returns the error of the last one.
func untilUnchanged(attempt func() error) (err error) {
	for range maxAttempts {
		if err = attempt(); !hasCode(err, codeConstraint, codeTimedOut) {
			break
		}
	}
	return err
}

// CheckConnections returns the change that [Store.EnsureConnections] would make, and the roles of
// the rows that listen on a port, by target. It changes nothing.
func (s *Store) CheckConnections(ctx context.Context, want []Connection, reserved ...string) (ConnectionChange, map[string]string, error) {
	rows, err := s.connectionRows(ctx)
	if err != nil {
		return ConnectionChange{}, nil, fmt.Errorf("cannot check the connections: %w", err)
	}
	roles := map[string]string{}
	for _, row := range rows {
		if _, listens := parseListener(row.target); listens {
			roles[row.target] = row.role
		}
	}
	return s.plan(rows, want, reserved).changed(), roles, nil
}

func validConnections(want []Connection) error {
	purposes, targets := map[string]bool{}, map[string]bool{}
	for _, connection := range want {
		switch {
		case connection.Purpose == "" || purposes[connection.Purpose]:
			return fmt.Errorf("%w: purpose %q is empty or not unique", ErrBadArgument, connection.Purpose)
		case connection.Target == "" || targets[connection.Target]:
			return fmt.Errorf("%w: target %q is empty or not unique", ErrBadArgument, connection.Target)
		case connection.InactivityProbe < 0:
			return fmt.Errorf("%w: inactivity probe %v", ErrBadArgument, connection.InactivityProbe)
		}
		purposes[connection.Purpose], targets[connection.Target] = true, true
	}
	return nil
}

func (s *Store) ensureConnections(ctx context.Context, want []Connection, reserved []string) (ConnectionChange, error) {
	global, err := s.global(ctx, "_uuid")
	if err != nil {
		return ConnectionChange{}, err
	}
	rows, err := s.connectionRows(ctx)
	if err != nil {
		return ConnectionChange{}, err
	}
	plan := s.plan(rows, want, reserved)
	if !plan.empty() {
		_, err = s.transact(ctx, plan.operations(s.database.GlobalTable, global["_uuid"])...)
	}
	return plan.changed(), err
}

// plan compares the existing rows with the wanted ones, as far as the database has the columns.
func (s *Store) plan(rows []connectionRow, want []Connection, reserved []string) connectionPlan {
	want = slices.Clone(want)
	for i := range want {
		if !s.database.Roles {
			want[i].Role = ""
		}
	}
	plan := planConnections(rows, want, reserved)
	plan.roles = s.database.Roles
	return plan
}

// A connectionPlan holds the differences between the existing rows and the wanted ones.
type connectionPlan struct {
	rows   []connectionRow // those that the plan rests on
	want   []Connection
	remove []connectionRow
	unlock []connectionRow // read-only ones
	update map[string]Connection
	create []Connection
	roles  bool // the table has the column role
}

// planConnections compares the existing rows with the wanted ones.
func planConnections(rows []connectionRow, want []Connection, reserved []string) connectionPlan {
	plan := connectionPlan{want: want, update: map[string]Connection{}}
	missing := uncovered(rows, want)
	for _, row := range rows {
		if row.purpose == "" {
			plan.addOperators(row, reserved)
			continue
		}
		connection, wanted := missing[row.purpose]
		switch {
		case !wanted: // or a second row with the same purpose
			plan.remove = append(plan.remove, row)
		case !row.is(connection):
			plan.update[row.uuid] = connection
		}
		plan.add(row)
		delete(missing, row.purpose)
	}
	for _, connection := range want {
		if _, ok := missing[connection.Purpose]; ok {
			plan.create = append(plan.create, connection)
		}
	}
	return plan
}

// uncovered returns the wanted connections for which no row of an operator serves, by purpose.
func uncovered(rows []connectionRow, want []Connection) map[string]Connection {
	missing := map[string]Connection{}
	for _, connection := range want {
		covers := func(row connectionRow) bool { return row.purpose == "" && row.covers(connection) }
		if !slices.ContainsFunc(rows, covers) {
			missing[connection.Purpose] = connection
		}
	}
	return missing
}

// addOperators adds a row that is not ours, if the plan rests on it.
func (p *connectionPlan) addOperators(row connectionRow, reserved []string) {
	switch {
	case slices.ContainsFunc(p.want, row.listens):
		p.add(row)
	case row.harmful(p.want, reserved):
		p.remove = append(p.remove, row)
		p.add(row)
	}
}

// add adds a row on which the plan rests.
func (p *connectionPlan) add(row connectionRow) {
	p.rows = append(p.rows, row)
	if row.readOnly && slices.ContainsFunc(p.want, row.listens) {
		p.unlock = append(p.unlock, row)
	}
}

func (p connectionPlan) empty() bool {
	return len(p.remove) == 0 && len(p.unlock) == 0 && len(p.update) == 0 && len(p.create) == 0
}

// changed lists the changes of the plan.
func (p connectionPlan) changed() ConnectionChange {
	var changed ConnectionChange
	for _, row := range p.remove {
		if row.purpose == "" {
			changed.Removed = append(changed.Removed, row.target)
		} else {
			changed.Covered = append(changed.Covered, row.target)
		}
	}
	for _, connection := range p.want {
		corrected := func(row connectionRow) bool {
			return row.purpose == connection.Purpose && p.update[row.uuid] == connection || row.readOnly && row.listens(connection)
		}
		if slices.Contains(p.create, connection) || slices.ContainsFunc(p.rows, corrected) {
			changed.Ours = append(changed.Ours, connection.Target)
		}
	}
	return changed
}
