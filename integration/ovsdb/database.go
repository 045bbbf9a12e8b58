package ovsdb

import (
	"encoding/json"
	"slices"
)

// Database is one of OVN's databases, with a table that a test can write to
// without disturbing OVN: its rows need nothing but a name.
type Database struct {
	// Name is the schema's.
	Name string
	// Table has a column "name".
	Table string
	// Port that clients use.
	Port string
	// Socket, Control (the socket for commands), PIDFile and File (of the data) are
	// where OVN's packages have them.
	Socket, Control, PIDFile, File string
}

// Northbound returns the northbound database.
func Northbound() Database {
	return newDatabase("OVN_Northbound", "Logical_Switch", "6641", "ovnnb_db")
}

// Southbound returns the southbound database.
func Southbound() Database {
	return newDatabase("OVN_Southbound", "Chassis_Private", "6642", "ovnsb_db")
}

// InterconnectNorthbound returns the northbound database of OVN's interconnection.
func InterconnectNorthbound() Database {
	return newDatabase("OVN_IC_Northbound", "Transit_Switch", "6645", "ovn_ic_nb_db")
}

// InterconnectSouthbound returns the southbound database of OVN's interconnection.
func InterconnectSouthbound() Database {
	return newDatabase("OVN_IC_Southbound", "Availability_Zone", "6646", "ovn_ic_sb_db")
}

// newDatabase returns a database whose files OVN's packages name file and what they are.
func newDatabase(name, table, port, file string) Database {
	run := "/var/run/ovn/" + file
	return Database{
		Name: name, Table: table, Port: port,
		Socket: run + ".sock", Control: run + ".ctl", PIDFile: run + ".pid", File: "/var/lib/ovn/" + file + ".db",
	}
}

// Operation is one operation of a transaction.
type Operation map[string]any

// Insert returns the operation that inserts a row of that name.
func (d Database) Insert(name string) Operation {
	return Operation{"op": "insert", "table": d.Table, "row": map[string]any{"name": name}}
}

// Select returns the operation that lists the names of all rows.
func (d Database) Select() Operation {
	return Operation{"op": "select", "table": d.Table, "where": []any{}, "columns": []string{"name"}}
}

// Transaction returns the parameters of a transact request, which are
// also the argument of ovsdb-client.
func (d Database) Transaction(operations ...Operation) []any {
	parameters := []any{d.Name}
	for _, operation := range operations {
		parameters = append(parameters, operation)
	}
	return parameters
}

// Names reads the reply to a transaction of the one operation [Database.Select].
func Names(reply []byte) ([]string, error) {
	results, err := parseReply(reply)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, result := range results {
		for _, row := range result.Rows {
			names = append(names, row.Name)
		}
	}
	return names, nil
}

// parseReply reads the reply to a transaction and returns the first error in it.
func parseReply(reply []byte) ([]operationResult, error) {
	var results []*operationResult
	if err := json.Unmarshal(reply, &results); err != nil {
		return nil, err
	}
	var done []operationResult
	for _, result := range results {
		if result == nil {
			continue // Not executed, because an earlier one has failed.
		}
		if result.Error != "" {
			return nil, &RefusedError{Reason: result.Error, Details: result.Details}
		}
		done = append(done, *result)
	}
	return done, nil
}

// operationResult is the part of an operation's result that is used here.
type operationResult struct {
	Error   string `json:"error"`
	Details string `json:"details"`
	Rows    []struct {
		Name string `json:"name"`
	} `json:"rows"`
}

// Missing returns the names in wanted that are not in present.
func Missing(wanted, present []string) []string {
	known := make(map[string]bool, len(present))
	for _, name := range present {
		known[name] = true
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(name string) bool { return known[name] })
}

// RefusedError is the reply of a server that does not carry out a transaction.
type RefusedError struct {
	Reason, Details string
}

// Error returns the server's words.
func (e *RefusedError) Error() string {
	if e.Details == "" {
		return "refused: " + e.Reason
	}
	return "refused: " + e.Reason + ": " + e.Details
}
