package ovsdbctl

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ovn-org/libovsdb/ovsdb"

	"ovndb-servers/pkg/pki"
)

// A Store is an OVSDB session (RFC 7047) with one database. It may stay open for as long as
// the server runs, and answers the server's probes meanwhile. It does not reconnect: open
// another one when the server has closed it. A call whose context ends leaves it usable.
// Methods may be called concurrently.
type Store struct {
	endpoint string
	database Database
	peer     trust
	limit    limit // of replies other than schemas and whole tables
	session  *session
}

// Open connects to db on endpoint, which is "unix:/path" or "tcp:host:port" with an
// IPv6 address in brackets; for "ssl:host:port" see [OpenTLS]. It requests the list of the
// server's databases, so that a nil error means that the server answers and has this one. ctx
// covers the opening only. The caller closes the Store.
//
// Replies of a server that is not local about single rows are refused if they exceed 64 KiB.
//
// The error is ErrNotListening, ErrNoAnswer, ErrNoDatabase, ErrProtocol or
// ErrBadArgument.
func Open(ctx context.Context, endpoint string, db Database) (*Store, error) {
	return openStore(ctx, endpoint, db, trust{})
}

// OpenTLS is [Open], and connects to "ssl:host:port" as well: with the files, which are read for
// each session. The error may also be ErrTLS, or that of [pki.Files.Load].
func OpenTLS(ctx context.Context, endpoint string, db Database, files pki.Files) (*Store, error) {
	return openStore(ctx, endpoint, db, trust{files: files})
}

func openStore(ctx context.Context, endpoint string, db Database, peer trust) (*Store, error) {
	conn, err := dialEndpoint(ctx, endpoint, peer)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s on %s: %w", db.Name, endpoint, err)
	}
	limit := rowLimit()
	if strings.HasPrefix(endpoint, "unix:") {
		limit = ownRowLimit()
	}
	store := &Store{endpoint: endpoint, database: db, peer: peer, limit: limit, session: newSession(conn, limit.bytes)}
	if err := store.present(ctx); err != nil {
		store.Close()
		if strings.HasPrefix(endpoint, "ssl:") && errors.Is(err, io.ErrUnexpectedEOF) {
			// With TLS 1.3 a server judges the client's certificate after the handshake.
			err = fmt.Errorf("%w: the server may refuse this node's certificate, its log says why: %w", ErrTLS, err)
		}
		return nil, fmt.Errorf("cannot open %s on %s: %w", db.Name, endpoint, err)
	}
	return store, nil
}

// present checks that the server has the database.
func (s *Store) present(ctx context.Context) error {
	names, err := s.databases(ctx)
	if err == nil && !slices.Contains(names, s.database.Name) {
		err = ErrNoDatabase
	}
	return err
}

// databases returns the names of the server's databases (RFC 7047, section 4.1.1).
func (s *Store) databases(ctx context.Context) ([]string, error) {
	result, err := s.call(ctx, s.limit, "list_dbs", []any{})
	if refused, ok := errors.AsType[*CommandError](err); ok {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, refused)
	}
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(result, &names); err != nil {
		return nil, fmt.Errorf("%w: list of databases: %w", ErrProtocol, err)
	}
	return names, nil
}

// Databases returns the names of the databases of the server at an endpoint, sorted, but for its own
// _Server. The error is that of [OpenTLS].
func Databases(ctx context.Context, endpoint string, files pki.Files) ([]string, error) {
	conn, err := dialEndpoint(ctx, endpoint, trust{files: files})
	if err != nil {
		return nil, fmt.Errorf("cannot list the databases on %s: %w", endpoint, err)
	}
	store := &Store{endpoint: endpoint, limit: rowLimit(), session: newSession(conn, rowLimit().bytes)}
	defer store.Close()
	names, err := store.databases(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot list the databases on %s: %w", endpoint, err)
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name == "_Server" })
	slices.Sort(names)
	return names, nil
}

// Close ends the session. It may be called more than once.
func (s *Store) Close() { s.session.close() }

// Writable reports whether the server is active, by the commit of an empty transaction, for
// which nothing is written to its file: an active server does it, a backup refuses it.
//
// Unlike operations on rows, "commit" is not checked against the session's role. A change
// of rows that the role does not permit would have the same result on an active server and
// on a backup, which check the role first (ovsdb_execute_compose in ovsdb/execution.c).
func (s *Store) Writable(ctx context.Context) (bool, error) {
	_, err := s.transact(ctx, commit(false))
	if errors.Is(err, ErrReadOnly) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot probe the role: %w", err)
	}
	return true, nil
}

// call sends a request and returns the result, which it has checked against the limit. It
// does not return a result after ctx has ended: to decode one takes time.
func (s *Store) call(ctx context.Context, limit limit, method string, params any) (json.RawMessage, error) {
	reply, err := s.session.call(ctx, limit, method, params)
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, noAnswer(ctx)
	}
	if text, refused := reply.refusal(); refused {
		return nil, &CommandError{Socket: s.endpoint, Method: method, Message: text}
	}
	return reply.Result, limit.check(reply.Result)
}

// transact executes operations as one transaction and returns the rows that each of them
// has selected. The error is ErrNoAnswer, ErrProtocol, a *TransactionError (which may be
// ErrReadOnly) or a *CommandError.
func (s *Store) transact(ctx context.Context, operations ...ovsdb.Operation) ([][]ovsdb.Row, error) {
	return s.transactWithin(ctx, s.limit, operations...)
}

// transactWithin is transact with a reply within limit.
func (s *Store) transactWithin(ctx context.Context, limit limit, operations ...ovsdb.Operation) ([][]ovsdb.Row, error) {
	results, err := s.results(ctx, limit, ovsdb.NewTransactArgs(s.database.Name, operations...))
	if err != nil {
		return nil, err
	}
	for _, result := range results {
		if result.Error != "" {
			return nil, s.refused(result.Error, result.Details)
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

// results executes a transaction and returns the result of each of its operations.
func (s *Store) results(ctx context.Context, limit limit, params []any) ([]result, error) {
	reply, err := s.call(ctx, limit, "transact", params)
	if err != nil {
		return nil, s.transactError(err)
	}
	results, err := decodeResults(reply)
	if err != nil {
		return nil, s.transactError(err)
	}
	return results, nil
}

// refused is the error of a transaction of which the server refused an operation.
func (s *Store) refused(code, details string) error {
	return &TransactionError{Endpoint: s.endpoint, Database: s.database.Name, Code: code, Details: details}
}

// transactError adds the database and the endpoint to err.
func (s *Store) transactError(err error) error {
	return fmt.Errorf("transaction in %s on %s: %w", s.database.Name, s.endpoint, err)
}

// hasCode reports whether err is a *TransactionError with one of the codes.
func hasCode(err error, codes ...string) bool {
	refused, ok := errors.AsType[*TransactionError](err)
	return ok && slices.Contains(codes, refused.Code)
}
