package ovsdbctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// A Store is an OVSDB session (RFC 7047) with one database. It may be held open for as
// long as the server runs, and answers the server's probes meanwhile. It does not
// reconnect: open another one when the server has closed it. A call whose context ends
// leaves it usable. Methods may be called concurrently.
type Store struct {
	endpoint string
	database Database
	session  *session
}

// Open connects to db on endpoint, which is "unix:/path" or "tcp:host:port" with an
// IPv6 address in brackets; "ssl:host:port" is errors.ErrUnsupported for now. It asks
// for the server's databases, so that a nil error means that the server answers and
// has this one. ctx covers the opening only. The caller closes the Store.
//
// The error is ErrNotListening, ErrNoAnswer, ErrNoDatabase, ErrProtocol or
// ErrBadArgument.
func Open(ctx context.Context, endpoint string, db Database) (*Store, error) {
	conn, err := dialEndpoint(ctx, endpoint)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s on %s: %w", db.Name, endpoint, err)
	}
	store := &Store{endpoint: endpoint, database: db, session: newSession(conn)}
	if err := store.present(ctx); err != nil {
		store.Close()
		return nil, fmt.Errorf("cannot open %s on %s: %w", db.Name, endpoint, err)
	}
	return store, nil
}

// present looks whether the server has the database (RFC 7047, section 4.1.1).
func (s *Store) present(ctx context.Context) error {
	reply, err := s.session.call(ctx, maxMessage, "list_dbs", []any{})
	if err != nil {
		return err
	}
	if text, refused := reply.refusal(); refused {
		return fmt.Errorf("%w: server answered: %s", ErrProtocol, text)
	}
	var names []string
	if err := json.Unmarshal(reply.Result, &names); err != nil {
		return fmt.Errorf("%w: list of databases: %w", ErrProtocol, err)
	}
	if !slices.Contains(names, s.database.Name) {
		return ErrNoDatabase
	}
	return nil
}

// Close ends the session. It may be called more than once.
func (s *Store) Close() { s.session.close() }

// Writable reports whether the server accepts writes, by deleting a row that cannot
// exist. An active server finds nothing to do and writes nothing to its file; a backup
// refuses the operation before looking.
func (s *Store) Writable(ctx context.Context) (bool, error) {
	nobody := ovsdb.UUID{GoUUID: "00000000-0000-0000-0000-000000000000"}
	_, err := s.transact(ctx, ovsdb.Operation{
		Op:    ovsdb.OperationDelete,
		Table: s.database.GlobalTable,
		Where: []ovsdb.Condition{
			ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, nobody),
			ovsdb.NewCondition("_uuid", ovsdb.ConditionNotEqual, nobody),
		},
	})
	if errors.Is(err, ErrReadOnly) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot probe the role: %w", err)
	}
	return true, nil
}

// transact carries out operations as one transaction and returns the rows that each of
// them has selected. The error is ErrNoAnswer, ErrProtocol, a *TransactionError (which
// ErrReadOnly may stand for) or a *CommandError.
func (s *Store) transact(ctx context.Context, operations ...ovsdb.Operation) ([][]ovsdb.Row, error) {
	return s.transactLarge(ctx, maxMessage, operations...)
}

// transactLarge is transact with a reply of up to size bytes.
func (s *Store) transactLarge(ctx context.Context, size int64, operations ...ovsdb.Operation) ([][]ovsdb.Row, error) {
	reply, err := s.session.call(ctx, size, "transact", ovsdb.NewTransactArgs(s.database.Name, operations...))
	if err != nil {
		return nil, s.transactError(err)
	}
	if text, refused := reply.refusal(); refused {
		return nil, &CommandError{Socket: s.endpoint, Method: "transact", Message: text}
	}
	results, err := decodeResults(reply.Result)
	if err != nil {
		return nil, s.transactError(err)
	}
	for _, result := range results {
		if result.Error != "" {
			return nil, &TransactionError{
				Endpoint: s.endpoint, Database: s.database.Name,
				Code: result.Error, Details: result.Details,
			}
		}
	}
	if len(results) < len(operations) {
		return nil, s.transactError(fmt.Errorf("%w: results are missing", ErrProtocol))
	}
	rows := make([][]ovsdb.Row, 0, len(results))
	for _, result := range results {
		rows = append(rows, result.Rows)
	}
	return rows, nil
}

// transactError says which transaction has no result.
func (s *Store) transactError(err error) error {
	return fmt.Errorf("transaction in %s on %s: %w", s.database.Name, s.endpoint, err)
}

// hasCode reports whether err is a refused transaction with one of the codes.
func hasCode(err error, codes ...string) bool {
	refused, ok := errors.AsType[*TransactionError](err)
	return ok && slices.Contains(codes, refused.Code)
}
