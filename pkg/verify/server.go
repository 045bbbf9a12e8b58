package verify

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
)

// server is a copy that a server has.
type server struct {
	store  *ovsdbctl.Store
	schema ovsdbctl.Schema
}

func openServer(ctx context.Context, address Address, database string) (*server, error) {
	store, err := ovsdbctl.OpenTLS(ctx, address.text, ovsdbctl.Database{Name: database}, address.keys)
	if err != nil {
		return nil, err
	}
	schema, err := store.Schema(ctx)
	if err != nil {
		store.Close()
		return nil, err
	}
	return &server{store: store, schema: schema}, nil
}

// Schema implements [Copy].
func (s *server) Schema() ovsdbctl.Schema { return s.schema }

// IDs implements [Copy].
func (s *server) IDs(ctx context.Context) (map[string][]uuid.UUID, error) {
	return s.store.RowIDs(ctx, tablesOf(s.schema))
}

// Rows implements [Copy].
func (s *server) Rows(ctx context.Context, table string, ids []uuid.UUID) ([]Row, error) {
	rows := make([]Row, len(ids))
	if _, exists := s.schema.Columns[table]; !exists {
		return rows, nil
	}
	texts, err := s.store.RawRows(ctx, table, ids)
	for i, text := range texts {
		if text != nil {
			rows[i] = Row{{text: text}}
		}
	}
	return rows, err
}

// Refresh implements [Copy]: each row is read from the server.
func (s *server) Refresh(context.Context) (bool, error) { return true, nil }

// Torn implements [Copy].
func (s *server) Torn() string { return "" }

// Close implements [Copy].
func (s *server) Close() error {
	s.store.Close()
	return nil
}

// tablesOf returns the names of the tables, sorted.
func tablesOf(schema ovsdbctl.Schema) []string {
	tables := make([]string, 0, len(schema.Columns))
	for table := range schema.Columns {
		tables = append(tables, table)
	}
	slices.Sort(tables)
	return tables
}
