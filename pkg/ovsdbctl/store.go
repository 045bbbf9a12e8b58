package ovsdbctl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cenkalti/rpc2"
	"github.com/go-logr/logr"
	"github.com/ovn-org/libovsdb/client"
	"github.com/ovn-org/libovsdb/model"
	"github.com/ovn-org/libovsdb/ovsdb"
)

// A Store is an OVSDB session (RFC 7047) with one database. It does not reconnect:
// open one per task and close it afterwards, and after any failure but a refusal by
// the server. Methods may be called concurrently.
//
// The underlying library trusts its peer: a reply whose id is null ends the process.
// Open a Store to configured peers only.
type Store struct {
	endpoint string
	database Database
	client   client.Client
}

// Open connects to db on endpoint, which is "unix:/path" or "tcp:host:port" with an
// IPv6 address in brackets; "ssl:host:port" is errors.ErrUnsupported for now. It reads
// the schema, so that a nil error means that the server answers and has the database.
// ctx covers the opening only. The caller closes the Store.
//
// The error is ErrNotListening, ErrNoAnswer, ErrNoDatabase, ErrProtocol or
// ErrBadArgument.
func Open(ctx context.Context, endpoint string, db Database) (*Store, error) {
	store, err := open(ctx, endpoint, db)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s on %s: %w", db.Name, endpoint, err)
	}
	return store, nil
}

func open(ctx context.Context, endpoint string, db Database) (*Store, error) {
	address, err := endpointURL(endpoint)
	if err != nil {
		return nil, err
	}
	// No models: rows are read and written by plain operations, never by the cache.
	none, err := model.NewClientDBModel(db.Name, map[string]model.Model{})
	if err != nil {
		return nil, err
	}
	discard := logr.Discard()
	session, err := client.NewOVSDBClient(none, client.WithEndpoint(address), client.WithLogger(&discard))
	if err != nil {
		return nil, err
	}
	if err := untilQueued(ctx, func() error { return session.Connect(ctx) }); err != nil {
		session.Close()
		return nil, openError(ctx, err)
	}
	store := &Store{endpoint: endpoint, database: db, client: session}
	// An empty transaction. The library's connect starts the goroutine that waits for
	// the others before it has counted those: a data race if the server hangs up, unless
	// some call lies in between.
	if _, err := store.transact(ctx); err != nil {
		session.Close()
		return nil, err
	}
	return store, nil
}

// endpointURL checks endpoint and writes it as the URL the library takes it for. The
// library replaces an address it finds missing by that of another server.
func endpointURL(endpoint string) (string, error) {
	method, address, _ := strings.Cut(endpoint, ":")
	switch method {
	case "unix":
		if !filepath.IsAbs(address) {
			return "", fmt.Errorf("%w: socket path is not absolute", ErrBadArgument)
		}
		return (&url.URL{Scheme: method, Path: address, OmitHost: true}).String(), nil
	case "tcp":
		host, port, err := net.SplitHostPort(address)
		if err != nil || host == "" || port == "" {
			return "", fmt.Errorf("%w: want tcp:host:port", ErrBadArgument)
		}
		return endpoint, nil
	case "ssl":
		return "", fmt.Errorf("ssl endpoints: %w", errors.ErrUnsupported)
	default:
		return "", fmt.Errorf("%w: unknown connection method %q", ErrBadArgument, method)
	}
}

// openError tells what became of an attempt to open. The library keeps the errors of
// dialing, but makes text of those that follow (listDbs and tryEndpoint of its
// client.go), so that text is all there is to tell by.
func openError(ctx context.Context, err error) error {
	if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" {
		return dialError(ctx, err)
	}
	switch text := err.Error(); {
	case ctx.Err() != nil:
		return noAnswer(ctx)
	case strings.Contains(text, "target database "):
		return ErrNoDatabase
	case errors.Is(err, client.ErrNotConnected), strings.HasSuffix(text, io.ErrUnexpectedEOF.Error()),
		strings.HasSuffix(text, "connection reset by peer"), strings.HasSuffix(text, "broken pipe"):
		return sessionError(ctx, io.ErrUnexpectedEOF)
	default:
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
}

// Close ends the session. It may be called more than once.
func (s *Store) Close() { s.client.Close() }

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

// transact carries out operations as one transaction. The error is ErrNoAnswer,
// ErrProtocol, a *TransactionError (which ErrReadOnly may stand for) or a
// *CommandError.
func (s *Store) transact(ctx context.Context, operations ...ovsdb.Operation) ([]ovsdb.OperationResult, error) {
	results, err := s.client.Transact(ctx, operations...)
	if err != nil {
		return nil, s.transactError(ctx, err)
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
		return nil, fmt.Errorf("transaction in %s on %s: %w: results are missing",
			s.database.Name, s.endpoint, ErrProtocol)
	}
	return results, nil
}

// transactError tells what became of a transaction that has no result.
func (s *Store) transactError(ctx context.Context, err error) error {
	if refusal, ok := errors.AsType[rpc2.ServerError](err); ok {
		return &CommandError{Socket: s.endpoint, Method: "transact", Message: string(refusal)}
	}
	if errors.Is(err, client.ErrNotConnected) || errors.Is(err, rpc2.ErrShutdown) || errors.Is(err, net.ErrClosed) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("transaction in %s on %s: %w", s.database.Name, s.endpoint, sessionError(ctx, err))
}

// hasCode reports whether err is a refused transaction with one of the codes.
func hasCode(err error, codes ...string) bool {
	refused, ok := errors.AsType[*TransactionError](err)
	return ok && slices.Contains(codes, refused.Code)
}
