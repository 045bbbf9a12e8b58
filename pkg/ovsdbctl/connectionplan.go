package ovsdbctl

import (
	"strconv"

	"github.com/ovn-org/libovsdb/ovsdb"
)

// operations returns the plan as a transaction. It begins with waits, by which the server refuses
// it if a row on which the plan rests has changed meanwhile. The server deletes rows that are no
// longer linked to the global row.
func (p connectionPlan) operations(table string, global any) []ovsdb.Operation {
	operations := p.guards()
	for uuid, connection := range p.update {
		operations = append(operations, updateConnection(uuid, p.columns(connection)))
	}
	for _, row := range p.unlock {
		operations = append(operations, updateConnection(row.uuid, ovsdb.Row{"read_only": false}))
	}
	var removed, created []string
	for _, row := range p.remove {
		removed = append(removed, row.uuid)
	}
	for i, connection := range p.create {
		name := "connection" + strconv.Itoa(i)
		created = append(created, name)
		row := p.columns(connection)
		row["external_ids"] = purposeMap(connection.Purpose)
		operations = append(operations, ovsdb.Operation{
			Op: ovsdb.OperationInsert, Table: ConnectionTable, UUIDName: name, Row: row,
		})
	}
	return append(operations, ovsdb.Operation{
		Op: ovsdb.OperationMutate, Table: table,
		Where: []ovsdb.Condition{ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, global)},
		Mutations: []ovsdb.Mutation{
			{Column: "connections", Mutator: ovsdb.MutateOperationDelete, Value: toUUIDs(removed)},
			{Column: "connections", Mutator: ovsdb.MutateOperationInsert, Value: toUUIDs(created)},
		},
	}, comment("set the rows of "+ConnectionTable))
}

// guards returns waits for the rows of each wanted purpose to be those that were found, and for the
// operator's rows on which the plan rests to be there. The set of all rows, which might be compared
// instead, has no bound. Where no row of a purpose was found, the table's index of targets lets one
// client alone create it.
func (p connectionPlan) guards() []ovsdb.Operation {
	var guards []ovsdb.Operation
	for _, connection := range p.want {
		var found []ovsdb.Row
		for _, row := range p.rows {
			if row.purpose == connection.Purpose {
				found = append(found, ovsdb.Row{"_uuid": ovsdb.UUID{GoUUID: row.uuid}})
			}
		}
		if len(found) > 0 {
			guards = append(guards, waitConnections("_uuid", found,
				ovsdb.NewCondition("external_ids", ovsdb.ConditionIncludes, purposeMap(connection.Purpose))))
		}
	}
	for _, row := range p.rows {
		if row.purpose == "" {
			guards = append(guards, waitConnections("target", []ovsdb.Row{{"target": row.target}}, isConnection(row.uuid)))
		}
	}
	return guards
}

// waitConnections makes the server refuse a transaction unless a column of the rows that the
// condition finds is as in rows.
func waitConnections(column string, rows []ovsdb.Row, where ovsdb.Condition) ovsdb.Operation {
	immediately := 0
	return ovsdb.Operation{
		Op: ovsdb.OperationWait, Table: ConnectionTable, Timeout: &immediately, Where: []ovsdb.Condition{where},
		Columns: []string{column}, Until: string(ovsdb.WaitConditionEqual), Rows: rows,
	}
}

func updateConnection(uuid string, columns ovsdb.Row) ovsdb.Operation {
	return ovsdb.Operation{
		Op: ovsdb.OperationUpdate, Table: ConnectionTable, Row: columns, Where: []ovsdb.Condition{isConnection(uuid)},
	}
}

func isConnection(uuid string) ovsdb.Condition {
	return ovsdb.NewCondition("_uuid", ovsdb.ConditionEqual, ovsdb.UUID{GoUUID: uuid})
}

func purposeMap(purpose string) ovsdb.OvsMap {
	return ovsdb.OvsMap{GoMap: map[any]any{purposeKey: purpose}}
}

// columns returns the columns that EnsureConnections corrects.
func (p connectionPlan) columns(c Connection) ovsdb.Row {
	row := ovsdb.Row{"target": c.Target, "inactivity_probe": c.InactivityProbe.Milliseconds()}
	if p.roles {
		row["role"] = c.Role
	}
	return row
}
