package process

import "path/filepath"

// Pair names the two databases that belong together: a northbound and a southbound one.
type Pair string

// The pairs. The zero value counts as PairOVN.
const (
	// PairOVN are OVN_Northbound and OVN_Southbound.
	PairOVN Pair = "ovn"
	// PairInterconnect are OVN_IC_Northbound and OVN_IC_Southbound.
	PairInterconnect Pair = "ovn-ic"
)

// ParsePair reads the name of a pair; false if there is none of that name.
func ParsePair(name string) (Pair, bool) {
	pair := Pair(name)
	return pair, pair == PairOVN || pair == PairInterconnect
}

// fileNames are the names of a server's files, as ovn-ctl's set_defaults has them.
type fileNames struct {
	// run is that of the pidfile and the sockets, without the part after the dot.
	run                   string
	log, database, schema string
}

func (p Pair) northbound() fileNames {
	if p == PairInterconnect {
		return fileNames{"ovn_ic_nb_db", "ovsdb-server-ic-nb.log", "ovn_ic_nb_db.db", "ovn-ic-nb.ovsschema"}
	}
	return fileNames{"ovnnb_db", "ovsdb-server-nb.log", "ovnnb_db.db", "ovn-nb.ovsschema"}
}

func (p Pair) southbound() fileNames {
	if p == PairInterconnect {
		return fileNames{"ovn_ic_sb_db", "ovsdb-server-ic-sb.log", "ovn_ic_sb_db.db", "ovn-ic-sb.ovsschema"}
	}
	return fileNames{"ovnsb_db", "ovsdb-server-sb.log", "ovnsb_db.db", "ovn-sb.ovsschema"}
}

// Northbound returns the paths of the server of the northbound database.
func (l Layout) Northbound() ServerFiles { return l.server(l.Pair.northbound()) }

// Southbound returns the paths of the server of the southbound database.
func (l Layout) Southbound() ServerFiles { return l.server(l.Pair.southbound()) }

func (l Layout) server(names fileNames) ServerFiles {
	return ServerFiles{
		Pidfile:       filepath.Join(l.RunDir, names.run+".pid"),
		ControlSocket: filepath.Join(l.RunDir, names.run+".ctl"),
		DataSocket:    filepath.Join(l.RunDir, names.run+".sock"),
		LogFile:       filepath.Join(l.LogDir, names.log),
		Database:      filepath.Join(l.DatabaseDir, names.database),
		Schema:        filepath.Join(l.SchemaDir, names.schema),
	}
}
