package ovsdbctl

import (
	"context"
	"fmt"
	"strings"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// OtherTargets returns the targets of the Connection rows that are no TCP port to listen on: neither
// "ptcp:" nor "pssl:".
func (s *Store) OtherTargets(ctx context.Context) ([]string, error) {
	rows, err := s.connectionRows(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot read the connections: %w", err)
	}
	var others []string
	for _, row := range rows {
		if !strings.HasPrefix(row.target, "ptcp:") && !strings.HasPrefix(row.target, "pssl:") {
			others = append(others, row.target)
		}
	}
	return others, nil
}

// RemoveSocketTargets removes the Connection rows with a target "punix:PATH", whoever has made them,
// and returns those targets. A server that listens on such a target first removes whatever file has
// that name, its own database included (bind_unix_socket in Open vSwitch's lib/socket-util-unix.c).
func (s *Store) RemoveSocketTargets(ctx context.Context) ([]string, error) {
	rows, err := s.connectionRows(ctx)
	if err != nil {
		return nil, fmt.Errorf("cannot read the connections: %w", err)
	}
	var uuids, targets []string
	for _, row := range rows {
		if strings.HasPrefix(row.target, "punix:") {
			uuids, targets = append(uuids, row.uuid), append(targets, row.target)
		}
	}
	if len(uuids) == 0 {
		return nil, nil
	}
	if err := s.unlinkConnections(ctx, uuids); err != nil {
		return nil, fmt.Errorf("cannot remove the connections %.200q: %w", targets, err)
	}
	return targets, nil
}

// unlinkConnections removes rows from the global row; the server deletes rows that nothing links to.
func (s *Store) unlinkConnections(ctx context.Context, uuids []string) error {
	global, err := s.global(ctx, "_uuid")
	if err != nil {
		return err
	}
	_, err = s.transact(ctx, ovsdb.Operation{
		Op: ovsdb.OperationMutate, Table: s.database.GlobalTable,
		Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, global["_uuid"])},
		Mutations: []ovsdb.Mutation{
			{Column: "connections", Mutator: ovsdb.MutateOperationDelete, Value: toUUIDs(uuids)},
		},
	}, comment("remove rows of "+ConnectionTable+" with a target punix"))
	return err
}
