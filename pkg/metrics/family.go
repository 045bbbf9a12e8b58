package metrics

import (
	"slices"

	"ovndb-servers/pkg/replication"
)

// Family is one metric. Names and labels are an interface: docs/metrics.md lists them, and alerts and
// dashboards are written for them.
type Family struct {
	Name string
	// Type is "gauge" or "counter".
	Type string
	// Labels are those besides resource.
	Labels []string
	// Help is one line for people.
	Help string

	samples func(Snapshot) []sample
}

// sample is one value, with the values of the family's labels.
type sample struct {
	labels []string
	value  float64
}

// Families returns all metrics, in the order in which they are shown.
func Families() []Family { return slices.Concat(nodeFamilies(), databaseFamilies(), measureFamilies()) }

func nodeFamilies() []Family {
	return []Family{
		{
			"ovndb_agent_info", "gauge",
			[]string{"node", "version"},
			"The agent's version and the cluster's name of this node; always 1.",
			func(s Snapshot) []sample { return []sample{{[]string{s.Node, s.Version}, 1}} },
		},
		{
			"ovndb_last_observation_timestamp_seconds", "gauge", nil, "When the other metrics were observed.",
			node(func(s Snapshot) *float64 { return Time(s.At) }),
		},
		{"ovndb_state", "gauge", []string{"state"}, "1 for the state that this node is in, 0 for the others.", states},
		{
			"ovndb_healthy", "gauge", nil, "Whether monitor reports no fault on this node.",
			node(func(s Snapshot) *float64 { return Bool(s.Healthy) }),
		},
		{
			"ovndb_record_term", "gauge", nil, "The term of the cluster record.",
			node(func(s Snapshot) *float64 { return s.RecordTerm }),
		},
		{
			"ovndb_record_members", "gauge", nil, "How many nodes may lead next, by the cluster record.",
			node(func(s Snapshot) *float64 { return s.RecordMembers }),
		},
		{
			"ovndb_promotion_score", "gauge", nil, "The promotion score that this node has set; -1000000 keeps the role away.",
			node(func(s Snapshot) *float64 { return s.Score }),
		},
		{
			"ovndb_disk_writable", "gauge", nil, "Whether the disk of the databases takes writes.",
			node(func(s Snapshot) *float64 { return s.DiskWritable }),
		},
		{
			"ovndb_listening", "gauge", nil, "Whether clients and backups can connect to the active.",
			node(func(s Snapshot) *float64 { return s.Listening }),
		},
		{
			"ovndb_northd_running", "gauge", nil, "Whether ovn-northd runs, on an active that manages it.",
			node(func(s Snapshot) *float64 { return s.NorthdRunning }),
		},
	}
}

func databaseFamilies() []Family {
	return []Family{
		{"ovndb_server_role", "gauge", []string{"db", "role"}, "1 for what the server of the database is, 0 for the other roles.", roles},
		{
			"ovndb_writable", "gauge",
			[]string{"db"},
			"Whether the server takes writes, on disk, in the term of the cluster record.",
			database(func(d Database) *float64 { return Bool(d.Writable) }),
		},
		{
			"ovndb_term", "gauge",
			[]string{"db"},
			"The term of the data.",
			database(func(d Database) *float64 { return d.Term }),
		},
		{
			"ovndb_data_current", "gauge",
			[]string{"db"},
			"Whether the data has seen the start of the cluster record's term.",
			database(func(d Database) *float64 { return d.Current }),
		},
		{
			"ovndb_last_beat_timestamp_seconds", "gauge",
			[]string{"db"},
			"When a beat was last seen to come; beats follow changes of rows.",
			database(func(d Database) *float64 { return d.LastBeat }),
		},
		{"ovndb_replication_connected", "gauge", []string{"db", "source"}, "Whether a backup has a session to the active.", connections},
		{
			"ovndb_replication_behind_seconds", "gauge",
			[]string{"db"},
			"For how long a backup has been behind the active, or without a session to it.",
			database(func(d Database) *float64 { return d.Behind }),
		},
	}
}

func measureFamilies() []Family {
	return []Family{
		{
			"ovndb_file_size_bytes", "gauge",
			[]string{"db"},
			"The size of the database file.",
			database(func(d Database) *float64 { return d.FileSize }),
		},
		{
			"ovndb_server_resident_memory_bytes", "gauge",
			[]string{"db"},
			"The memory that the server has in RAM.",
			database(func(d Database) *float64 { return d.ResidentMemory }),
		},
		{
			"ovndb_server_sessions", "gauge",
			[]string{"db"},
			"OVSDB sessions of the server: clients, backups and the agent.",
			database(func(d Database) *float64 { return d.Sessions }),
		},
		{
			"ovndb_server_restarts_total", "counter",
			[]string{"db"},
			"Restarts of the server in place, since the supervisor was started.",
			database(func(d Database) *float64 { return d.Restarts }),
		},
		{
			"ovndb_snapshots", "gauge",
			[]string{"db"},
			"Snapshots of the database on this node.",
			database(func(d Database) *float64 { return d.Snapshots }),
		},
		{
			"ovndb_snapshot_latest_timestamp_seconds", "gauge",
			[]string{"db"},
			"When the newest snapshot was taken: rows were discarded then.",
			database(func(d Database) *float64 { return d.LatestSnapshot }),
		},
	}
}

// node returns the samples of a number of the node.
func node(number func(Snapshot) *float64) func(Snapshot) []sample {
	return func(s Snapshot) []sample {
		if n := number(s); n != nil {
			return []sample{{value: *n}}
		}
		return nil
	}
}

// database returns the samples of a number of each database.
func database(number func(Database) *float64) func(Snapshot) []sample {
	return func(s Snapshot) []sample {
		var samples []sample
		for _, d := range s.Databases {
			if n := number(d); n != nil {
				samples = append(samples, sample{[]string{d.Name}, *n})
			}
		}
		return samples
	}
}

func states(s Snapshot) []sample {
	var samples []sample
	for _, state := range replication.States() {
		samples = append(samples, sample{[]string{string(state)}, *Bool(state == s.State)})
	}
	return samples
}

func roles(s Snapshot) []sample {
	var samples []sample
	for _, d := range s.Databases {
		for _, role := range replication.Conditions() {
			samples = append(samples, sample{[]string{d.Name, string(role)}, *Bool(role == d.Role)})
		}
	}
	return samples
}

func connections(s Snapshot) []sample {
	var samples []sample
	for _, d := range s.Databases {
		if d.Source != "" && d.Connected != nil {
			samples = append(samples, sample{[]string{d.Name, d.Source}, *d.Connected})
		}
	}
	return samples
}
