package ovsdbctl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/google/uuid"
	"github.com/ovn-org/libovsdb/ovsdb"
)

// rawRowsLimit bounds rows that are asked for by their UUIDs, 256 MiB.
func rawRowsLimit() limit { return limit{bytes: 256 << 20, values: math.MaxInt, whole: true} }

// RawRows returns the rows of a table with the given UUIDs, in their order, as JSON (<row> of RFC
// 7047, section 5.1) in which zeros are in place of the UUID in _version, which differs between
// servers; nil for a row that does not exist. All are of the same moment. The error is ErrNoAnswer,
// ErrProtocol, a *TransactionError or a *CommandError.
//
// The server finds a row by its UUID without looking at others, so that it is never busy for long
// with one request.
func (s *Store) RawRows(ctx context.Context, table string, ids []uuid.UUID) ([][]byte, error) {
	operations := make([]ovsdb.Operation, 0, len(ids))
	for _, id := range ids {
		operations = append(operations, ovsdb.Operation{
			Op: ovsdb.OperationSelect, Table: table,
			Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: id.String()})},
		})
	}
	reply, err := s.call(ctx, rawRowsLimit(), "transact", ovsdb.NewTransactArgs(s.database.Name, operations...))
	if err != nil {
		return nil, s.transactError(err)
	}
	rows, err := s.rawResults(reply, len(ids))
	if err != nil {
		return nil, s.transactError(err)
	}
	return rows, nil
}

// rawResults returns the row of each of n results.
func (s *Store) rawResults(reply []byte, n int) ([][]byte, error) {
	var results []struct {
		Error   string            `json:"error"`
		Details string            `json:"details"`
		Rows    []json.RawMessage `json:"rows"`
	}
	if err := json.Unmarshal(reply, &results); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	rows := make([][]byte, 0, n)
	for _, result := range results {
		switch {
		case result.Error != "":
			return nil, s.refused(result.Error, result.Details)
		case len(result.Rows) == 0:
			rows = append(rows, nil)
		case len(result.Rows) == 1:
			rows = append(rows, withoutVersion(result.Rows[0]))
		default:
			return nil, fmt.Errorf("%w: %d rows with one UUID", ErrProtocol, len(result.Rows))
		}
	}
	if len(rows) != n {
		return nil, fmt.Errorf("%w: %d results for %d rows", ErrProtocol, len(rows), n)
	}
	return rows, nil
}

// withoutVersion puts zeros in place of a row's version. The text that it looks for is nowhere else:
// inside a string, quotes are escaped.
func withoutVersion(row []byte) []byte {
	const member, length = `"_version":["uuid","`, 36
	i := bytes.Index(row, []byte(member))
	if i >= 0 && len(row) > i+len(member)+length {
		for j := range length {
			row[i+len(member)+j] = '0'
		}
	}
	return row
}
