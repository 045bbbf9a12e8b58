package ovsdbctl

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// A connectionRow is a row of the Connection table as the server has it.
type connectionRow struct {
	uuid    string
	purpose string // empty if the row is not ours
	target  string
	probe   int64 // milliseconds, -1 if not set
	// readOnly says that the server refuses all changes of clients that come through the listener.
	readOnly bool
	role     string
}

// connectionLimit bounds the rows of the Connection table, 64 MiB: some 300,000 rows. Whoever may
// write rows can add them, and a server slows down before.
func connectionLimit() limit { return limit{bytes: 64 << 20, values: math.MaxInt} }

// connectionRows returns the rows in the order of their UUIDs.
func (s *Store) connectionRows(ctx context.Context) ([]connectionRow, error) {
	columns := []string{"_uuid", "target", "inactivity_probe", "external_ids"}
	if s.database.Roles {
		columns = append(columns, "read_only", "role")
	}
	reply, err := s.call(ctx, connectionLimit(), "transact", ovsdb.NewTransactArgs(s.database.Name,
		ovsdb.Operation{Op: ovsdb.OperationSelect, Table: ConnectionTable, Columns: columns}))
	if err != nil {
		return nil, s.transactError(err)
	}
	rows, err := s.decodeConnections(reply)
	if err != nil {
		return nil, s.transactError(err)
	}
	slices.SortFunc(rows, func(a, b connectionRow) int { return strings.Compare(a.uuid, b.uuid) })
	return rows, nil
}

// An encodedConnection is a row as the server writes it. Its type keeps the memory for many rows
// small.
type encodedConnection struct {
	UUID     [2]string       `json:"_uuid"`
	Target   string          `json:"target"`
	Probe    json.RawMessage `json:"inactivity_probe"`
	IDs      json.RawMessage `json:"external_ids"`
	ReadOnly bool            `json:"read_only"`
	Role     string          `json:"role"`
}

// decodeConnections reads the result of a select in the Connection table.
func (s *Store) decodeConnections(reply []byte) ([]connectionRow, error) {
	var results []struct {
		Error   string              `json:"error"`
		Details string              `json:"details"`
		Rows    []encodedConnection `json:"rows"`
	}
	if err := json.Unmarshal(reply, &results); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	if len(results) == 0 {
		return nil, fmt.Errorf("%w: results are missing", ErrProtocol)
	}
	if result := results[0]; result.Error != "" {
		return nil, s.refused(result.Error, result.Details)
	}
	rows := make([]connectionRow, 0, len(results[0].Rows))
	for _, row := range results[0].Rows {
		rows = append(rows, row.decode())
	}
	return rows, nil
}

func (e encodedConnection) decode() connectionRow {
	row := connectionRow{uuid: e.UUID[1], target: e.Target, readOnly: e.ReadOnly, role: e.Role, purpose: purposeIn(e.IDs)}
	if json.Unmarshal(e.Probe, &row.probe) != nil {
		row.probe = -1 // an empty set
	}
	return row
}

// purposeIn returns the purpose in external_ids, a <map> (RFC 7047, section 5.1).
func purposeIn(ids json.RawMessage) string {
	var encoded [2]json.RawMessage
	var pairs [][2]string
	if json.Unmarshal(ids, &encoded) != nil || json.Unmarshal(encoded[1], &pairs) != nil {
		return ""
	}
	for _, pair := range pairs {
		if pair[0] == purposeKey {
			return pair[1]
		}
	}
	return ""
}

// listens reports whether the row is one by which the server listens where want says: ours for it,
// or one of an operator that covers it.
func (r connectionRow) listens(want Connection) bool {
	return r.purpose == want.Purpose || r.purpose == "" && r.covers(want)
}

// is reports whether our row is as want says.
func (r connectionRow) is(want Connection) bool {
	return r.target == want.Target && r.probe == want.InactivityProbe.Milliseconds() && r.role == want.Role
}

// covers reports whether the row, of an operator, serves all that a wanted one would.
func (r connectionRow) covers(want Connection) bool {
	if r.target == want.Target {
		return true
	}
	l, ok := parseListener(r.target)
	w, wanted := parseListener(want.Target)
	return ok && wanted && l.covers(w)
}

// harmful reports whether the row, whoever has made it, must not be there: by a target "punix:PATH"
// the server removes whatever file has that name, its own database included (bind_unix_socket in
// Open vSwitch's lib/socket-util-unix.c); and one that takes the port of a wanted listener, by
// another protocol, or of a reserved one would end promotions.
func (r connectionRow) harmful(want []Connection, reserved []string) bool {
	if slices.ContainsFunc(want, r.listens) {
		return false
	}
	l, ok := parseListener(r.target)
	if !ok {
		return strings.HasPrefix(r.target, "punix:")
	}
	clashes := func(target string) bool {
		other, ok := parseListener(target)
		return ok && l.clashes(other)
	}
	otherProtocol := func(w Connection) bool {
		other, ok := parseListener(w.Target)
		return ok && l.protocol != other.protocol && l.clashes(other)
	}
	return slices.ContainsFunc(reserved, clashes) || slices.ContainsFunc(want, otherProtocol)
}
