package ovsdbctl

// ConnectionTable is the table of listeners in each of OVN's databases.
const ConnectionTable = "Connection"

// A Database names one of OVN's databases and the table that holds its single global
// row.
type Database struct {
	Name        string `json:"name"`
	GlobalTable string `json:"global_table"`
	// Tool is the program by which an operator changes rows.
	Tool string `json:"-"`
	// Roles says that a Connection row has the columns role and read_only.
	Roles bool `json:"-"`
}

// Northbound returns OVN's northbound database.
func Northbound() Database {
	return Database{Name: "OVN_Northbound", GlobalTable: "NB_Global", Tool: "ovn-nbctl"}
}

// Southbound returns OVN's southbound database.
func Southbound() Database {
	return Database{Name: "OVN_Southbound", GlobalTable: "SB_Global", Tool: "ovn-sbctl", Roles: true}
}

// InterconnectNorthbound returns the northbound database of OVN's interconnection.
func InterconnectNorthbound() Database {
	return Database{Name: "OVN_IC_Northbound", GlobalTable: "IC_NB_Global", Tool: "ovn-ic-nbctl"}
}

// InterconnectSouthbound returns the southbound database of OVN's interconnection.
func InterconnectSouthbound() Database {
	return Database{Name: "OVN_IC_Southbound", GlobalTable: "IC_SB_Global", Tool: "ovn-ic-sbctl"}
}

// KnownDatabases returns all databases that a resource can run.
func KnownDatabases() []Database {
	return []Database{Northbound(), Southbound(), InterconnectNorthbound(), InterconnectSouthbound()}
}

// ConnectionsRemote returns the remote, as ovsdb-server(1) writes it, that makes a
// server listen on every Connection row of the database.
func (d Database) ConnectionsRemote() string {
	return "db:" + d.Name + "," + d.GlobalTable + ",connections"
}
