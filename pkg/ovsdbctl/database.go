package ovsdbctl

// ConnectionTable is the table of listeners in each of OVN's databases.
const ConnectionTable = "Connection"

// A Database names one of OVN's databases and the table that holds its single global
// row.
type Database struct {
	Name        string `json:"name"`
	GlobalTable string `json:"global_table"`
	// ReadOnlyListeners says that a Connection row has the column read_only.
	ReadOnlyListeners bool `json:"-"`
}

// Northbound returns OVN's northbound database.
func Northbound() Database {
	return Database{Name: "OVN_Northbound", GlobalTable: "NB_Global"}
}

// Southbound returns OVN's southbound database.
func Southbound() Database {
	return Database{Name: "OVN_Southbound", GlobalTable: "SB_Global", ReadOnlyListeners: true}
}

// ConnectionsRemote returns the remote, as ovsdb-server(1) writes it, that makes a
// server listen on every Connection row of the database.
func (d Database) ConnectionsRemote() string {
	return "db:" + d.Name + "," + d.GlobalTable + ",connections"
}
