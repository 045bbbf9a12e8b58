package ovsdbctl

import (
	"context"
	"errors"
	"fmt"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// The models of a database (ovsdb-server(5)).
const (
	ModelStandalone = "standalone"
	ModelClustered  = "clustered"
	ModelRelay      = "relay"
)

// An Instance is a database of a server process, as its own database _Server describes it.
type Instance struct {
	// ID differs between processes, also of copies of one database: two addresses with the same one
	// lead to the same process.
	ID    string
	Model string
}

// Instance asks the server how it keeps the database.
func (s *Store) Instance(ctx context.Context) (Instance, error) {
	server := &Store{endpoint: s.endpoint, database: Database{Name: "_Server"}, peer: s.peer, limit: s.limit, session: s.session}
	rows, err := server.transact(ctx, ovsdb.Operation{
		Op: ovsdb.OperationSelect, Table: "Database", Columns: []string{"_uuid", "model"},
		Where: []ovsdb.Condition{ovsdb.NewCondition("name", ovsdb.ConditionEqual, s.database.Name)},
	})
	if err == nil && len(rows[0]) == 0 {
		err = ErrNoDatabase
	}
	if err != nil {
		return Instance{}, fmt.Errorf("cannot ask how %s is kept: %w", s.database.Name, err)
	}
	model, _ := rows[0][0]["model"].(string)
	return Instance{ID: uuidOf(rows[0][0]["_uuid"]), Model: model}, nil
}

// GlobalID returns the UUID of the global row, which a backup has from the server that it replicates
// from; empty if there is no such row.
func (s *Store) GlobalID(ctx context.Context) (string, error) {
	row, err := s.global(ctx, "_uuid")
	if errors.Is(err, ErrNoGlobal) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read %s: %w", s.database.GlobalTable, err)
	}
	return uuidOf(row["_uuid"]), nil
}
