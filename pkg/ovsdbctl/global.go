package ovsdbctl

import (
	"context"
	"fmt"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// Global returns the external_ids of the global row. The error is ErrNoGlobal if
// there is none.
func (s *Store) Global(ctx context.Context) (map[string]string, error) {
	row, err := s.global(ctx, "external_ids")
	if err != nil {
		return nil, fmt.Errorf("cannot read %s: %w", s.database.GlobalTable, err)
	}
	return stringMap(row["external_ids"]), nil
}

// EnsureGlobal inserts an empty global row if there is none, as "ovn-nbctl init" and
// "ovn-sbctl init" do. It writes nothing if there is one.
//
// Concurrent callers create one row: OVN's schemas allow one row in that table ("maxRows":
// 1), so that the server refuses to commit a second one. The error is ErrReadOnly if the
// row is missing on a backup.
func (s *Store) EnsureGlobal(ctx context.Context) error {
	rows, err := s.selectRows(ctx, s.database.GlobalTable, "_uuid")
	if err == nil && len(rows) == 0 {
		err = s.insertGlobal(ctx)
	}
	if err != nil {
		return fmt.Errorf("cannot ensure the row of %s: %w", s.database.GlobalTable, err)
	}
	return nil
}

func (s *Store) insertGlobal(ctx context.Context) error {
	_, failure := s.transact(ctx, ovsdb.Operation{
		Op:    ovsdb.OperationInsert,
		Table: s.database.GlobalTable,
		// The library leaves out a row without columns, but the server demands one.
		Row: ovsdb.Row{"external_ids": ovsdb.OvsMap{}},
	}, comment("insert the row of "+s.database.GlobalTable))
	if !hasCode(failure, codeConstraint) {
		return failure
	}
	// Another client inserted it after our select, or the refusal has another reason.
	if rows, err := s.selectRows(ctx, s.database.GlobalTable, "_uuid"); err != nil || len(rows) == 0 {
		return failure
	}
	return nil
}

// global returns columns of the global row, or ErrNoGlobal.
func (s *Store) global(ctx context.Context, columns ...string) (ovsdb.Row, error) {
	rows, err := s.selectRows(ctx, s.database.GlobalTable, columns...)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s on %s: %w", s.database.Name, s.endpoint, ErrNoGlobal)
	}
	return rows[0], nil
}
