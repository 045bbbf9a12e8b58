package ovsdbctl

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ovn-org/libovsdb/ovsdb"
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
}

// EnsureConnections makes the rows with a purpose exactly those of want, in one
// transaction: rows are created, their target and probe interval corrected, and those
// whose purpose is not in want deleted. Nothing is written if the rows are so already.
//
// Rows without a purpose are an operator's and stay untouched. If one of them has a
// target of want, it takes the place of ours: the table cannot hold a target twice.
// Targets are compared as text. Whoever has made a row of want read-only, it becomes writable: no
// client could use the server through it, nor a promotion be proven.
//
// The error is ErrNoGlobal if there is no global row to link the rows to, ErrReadOnly
// if the server is a backup and rows must change, ErrBadArgument if want holds a purpose
// or a target twice, an empty one, or a negative interval.
func (s *Store) EnsureConnections(ctx context.Context, want []Connection) error {
	if err := validConnections(want); err != nil {
		return fmt.Errorf("cannot ensure the connections: %w", err)
	}
	var err error
	for range maxAttempts {
		err = s.ensureConnections(ctx, want)
		if !hasCode(err, codeConstraint, codeTimedOut) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("cannot ensure the connections: %w", err)
	}
	return nil
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

func (s *Store) ensureConnections(ctx context.Context, want []Connection) error {
	global, err := s.global(ctx, "_uuid", "connections")
	if err != nil {
		return err
	}
	rows, err := s.connectionRows(ctx)
	if err != nil {
		return err
	}
	change := planConnections(rows, want)
	if change.empty() {
		return nil
	}
	_, err = s.transact(ctx, change.operations(s.database.GlobalTable, global)...)
	return err
}

// A connectionRow is a row of the Connection table as the server has it.
type connectionRow struct {
	uuid    string
	purpose string // empty if the row is not ours
	target  string
	probe   int64 // milliseconds, -1 if not set
	// readOnly says that the server refuses all changes of clients that come through the listener.
	readOnly bool
}

// connectionRows returns the rows in the order of their UUIDs.
func (s *Store) connectionRows(ctx context.Context) ([]connectionRow, error) {
	columns := []string{"_uuid", "target", "inactivity_probe", "external_ids"}
	if s.database.ReadOnlyListeners {
		columns = append(columns, "read_only")
	}
	found, err := s.selectRows(ctx, ConnectionTable, columns...)
	if err != nil {
		return nil, err
	}
	rows := make([]connectionRow, 0, len(found))
	for _, row := range found {
		target, _ := row["target"].(string)
		readOnly, _ := row["read_only"].(bool)
		probe, set := optionalInt(row["inactivity_probe"])
		if !set {
			probe = -1
		}
		rows = append(rows, connectionRow{
			uuid: uuidOf(row["_uuid"]), target: target, probe: probe, readOnly: readOnly,
			purpose: stringMap(row["external_ids"])[purposeKey],
		})
	}
	slices.SortFunc(rows, func(a, b connectionRow) int { return strings.Compare(a.uuid, b.uuid) })
	return rows, nil
}

// A connectionChange holds the differences between the existing rows and the wanted ones.
type connectionChange struct {
	remove []string // UUIDs
	unlock []string // UUIDs of rows that are read-only
	update map[string]Connection
	create []Connection
}

// planConnections compares the existing rows with the wanted ones.
func planConnections(rows []connectionRow, want []Connection) connectionChange {
	change := connectionChange{update: map[string]Connection{}, unlock: readOnlyRows(rows, want)}
	missing := map[string]Connection{}
	for _, connection := range want {
		missing[connection.Purpose] = connection
		if slices.ContainsFunc(rows, func(row connectionRow) bool {
			return row.purpose == "" && row.target == connection.Target
		}) {
			delete(missing, connection.Purpose)
		}
	}
	for _, row := range rows {
		connection, wanted := missing[row.purpose]
		switch {
		case row.purpose == "":
			continue
		case !wanted: // or a second row with the same purpose
			change.remove = append(change.remove, row.uuid)
		case row.target != connection.Target || row.probe != connection.InactivityProbe.Milliseconds():
			change.update[row.uuid] = connection
		}
		delete(missing, row.purpose)
	}
	for _, connection := range want {
		if _, ok := missing[connection.Purpose]; ok {
			change.create = append(change.create, connection)
		}
	}
	return change
}

// readOnlyRows returns the rows of wanted connections, whoever has made them, that are read-only.
func readOnlyRows(rows []connectionRow, want []Connection) (uuids []string) {
	for _, row := range rows {
		wanted := func(c Connection) bool { return row.purpose == c.Purpose || row.target == c.Target }
		if row.readOnly && slices.ContainsFunc(want, wanted) {
			uuids = append(uuids, row.uuid)
		}
	}
	return uuids
}

func (c connectionChange) empty() bool {
	return len(c.remove) == 0 && len(c.unlock) == 0 && len(c.update) == 0 && len(c.create) == 0
}

// operations returns the change as a transaction. Its first operation makes the server
// refuse it if a row was added or removed since global was read. The server deletes rows
// that are no longer linked to the global row.
func (c connectionChange) operations(table string, global ovsdb.Row) []ovsdb.Operation {
	self := []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, global["_uuid"])}
	linked := ovsdb.Row{"connections": toUUIDs(uuidSet(global["connections"]))}
	immediately := 0
	operations := []ovsdb.Operation{{
		Op: ovsdb.OperationWait, Table: table, Timeout: &immediately, Where: self,
		Columns: []string{"connections"}, Until: string(ovsdb.WaitConditionEqual), Rows: []ovsdb.Row{linked},
	}}
	for uuid, connection := range c.update {
		operations = append(operations, ovsdb.Operation{
			Op: ovsdb.OperationUpdate, Table: ConnectionTable, Row: connection.columns(),
			Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: uuid})},
		})
	}
	for _, uuid := range c.unlock {
		operations = append(operations, ovsdb.Operation{
			Op: ovsdb.OperationUpdate, Table: ConnectionTable, Row: ovsdb.Row{"read_only": false},
			Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: uuid})},
		})
	}
	var created []string
	for i, connection := range c.create {
		name := "connection" + strconv.Itoa(i)
		created = append(created, name)
		row := connection.columns()
		row["external_ids"] = ovsdb.OvsMap{GoMap: map[any]any{purposeKey: connection.Purpose}}
		operations = append(operations, ovsdb.Operation{
			Op: ovsdb.OperationInsert, Table: ConnectionTable, UUIDName: name, Row: row,
		})
	}
	return append(operations, ovsdb.Operation{
		Op: ovsdb.OperationMutate, Table: table, Where: self, Mutations: []ovsdb.Mutation{
			{Column: "connections", Mutator: ovsdb.MutateOperationDelete, Value: toUUIDs(c.remove)},
			{Column: "connections", Mutator: ovsdb.MutateOperationInsert, Value: toUUIDs(created)},
		},
	}, comment("set the rows of "+ConnectionTable))
}

// columns returns the columns that EnsureConnections corrects.
func (c Connection) columns() ovsdb.Row {
	return ovsdb.Row{"target": c.Target, "inactivity_probe": c.InactivityProbe.Milliseconds()}
}
