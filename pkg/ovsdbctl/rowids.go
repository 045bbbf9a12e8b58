package ovsdbctl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/ovn-org/libovsdb/ovsdb"
)

// maxToken bounds a string or number in a list of UUIDs, in bytes.
const maxToken = 64 << 10

// RowIDs returns the UUIDs of the rows of tables, sorted, by table, all of the same moment. It has a
// connection of its own for that, on which the answer is read piece by piece: a million rows take 16
// MB here. The server holds the whole answer, 60 bytes for each row and some times that while it
// makes it. The error is that of [Open], or a *TransactionError.
func (s *Store) RowIDs(ctx context.Context, tables []string) (map[string][]uuid.UUID, error) {
	ids, err := s.rowIDs(ctx, tables)
	if err != nil {
		return nil, fmt.Errorf("cannot list the rows of %s on %s: %w", s.database.Name, s.endpoint, err)
	}
	return ids, nil
}

func (s *Store) rowIDs(ctx context.Context, tables []string) (map[string][]uuid.UUID, error) {
	conn, err := dialEndpoint(ctx, s.endpoint, s.peer)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer func() {
		if stop() {
			_ = conn.Close()
		}
	}()
	var operations []ovsdb.Operation
	for _, table := range tables {
		operations = append(operations, ovsdb.Operation{Op: ovsdb.OperationSelect, Table: table, Columns: []string{"_uuid"}})
	}
	command := request{ID: 1, Method: "transact", Params: ovsdb.NewTransactArgs(s.database.Name, operations...)}
	if err := json.NewEncoder(conn).Encode(command); err != nil {
		return nil, sessionError(ctx, err)
	}
	reader := idReader{decoder: newMessages(conn, func() int64 { return maxToken }).decoder}
	all, err := reader.answer()
	var refused *TransactionError
	switch {
	case errors.As(err, &refused):
		refused.Endpoint, refused.Database = s.endpoint, s.database.Name
		return nil, refused
	case err != nil:
		return nil, sessionError(ctx, err)
	case len(all) != len(tables):
		return nil, fmt.Errorf("%w: %d results for %d tables", ErrProtocol, len(all), len(tables))
	}
	byTable := make(map[string][]uuid.UUID, len(tables))
	for i, table := range tables {
		slices.SortFunc(all[i], func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		byTable[table] = all[i]
	}
	return byTable, nil
}

// idReader reads the answer to a request for UUIDs token by token.
type idReader struct {
	decoder *json.Decoder
}

var errIDs = errors.New("not a list of UUIDs")

// answer returns the UUIDs of each result. A message before it that has no result, such as an echo
// request of the server, is left out.
func (r idReader) answer() ([][]uuid.UUID, error) {
	for {
		var all [][]uuid.UUID
		answered := false
		err := r.members(func(name string) error {
			switch name {
			case "result":
				answered = true
				return r.elements(func() error {
					ids, err := r.result()
					all = append(all, ids)
					return err
				})
			case "error":
				return r.refusal()
			default:
				return r.decoder.Decode(new(json.RawMessage))
			}
		})
		if answered || err != nil {
			return all, err
		}
	}
}

// refusal reads the error of a reply.
func (r idReader) refusal() error {
	var text json.RawMessage
	if err := r.decoder.Decode(&text); err != nil || absent(text) {
		return err
	}
	return fmt.Errorf("%w: server answered: %.200s", ErrProtocol, plainText(text))
}

// result reads the rows of an operation, or its error.
func (r idReader) result() (ids []uuid.UUID, err error) {
	refused := new(TransactionError)
	err = r.members(func(name string) error {
		switch name {
		case "rows":
			return r.elements(func() error {
				id, err := r.row()
				ids = append(ids, id)
				return err
			})
		case "error":
			return r.decoder.Decode(&refused.Code)
		case "details":
			return r.decoder.Decode(&refused.Details)
		default:
			return r.decoder.Decode(new(json.RawMessage))
		}
	})
	if err == nil && refused.Code != "" {
		err = refused
	}
	return ids, err
}

// row reads {"_uuid": ["uuid", <string>]}.
func (r idReader) row() (id uuid.UUID, err error) {
	found := false
	err = r.members(func(name string) error {
		if name != "_uuid" {
			return r.decoder.Decode(new(json.RawMessage))
		}
		var atom [2]string
		if err := r.decoder.Decode(&atom); err != nil {
			return err
		}
		found = true
		id, err = uuid.Parse(atom[1])
		return err
	})
	if err == nil && !found {
		err = errIDs
	}
	return id, err
}

// members calls member for each member of an object, which consumes the value.
func (r idReader) members(member func(name string) error) error {
	return r.list('{', '}', func() error {
		token, err := r.decoder.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets no other token stand there
		return member(name)
	})
}

func (r idReader) elements(element func() error) error { return r.list('[', ']', element) }

func (r idReader) list(begin, end json.Delim, item func() error) error {
	for _, want := range []json.Delim{begin, end} {
		if want == end {
			for r.decoder.More() {
				if err := item(); err != nil {
					return err
				}
			}
		}
		switch token, err := r.decoder.Token(); {
		case err != nil:
			return err
		case token != want:
			return errIDs
		}
	}
	return nil
}
