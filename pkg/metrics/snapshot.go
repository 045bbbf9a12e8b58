package metrics

import (
	"sync/atomic"
	"time"

	"ovndb-servers/pkg/replication"
)

// Snapshot is one observation of a resource on this node. A nil number is not known, or does not
// apply.
type Snapshot struct {
	Resource, Node, Version string
	// At is when it was observed.
	At time.Time
	// State is empty on a node on which the resource is stopped.
	State replication.State
	// Healthy says that monitor reports no fault.
	Healthy bool
	// RecordTerm and RecordMembers are those of the cluster record.
	RecordTerm, RecordMembers *float64
	Score                     *float64
	// DiskWritable says whether the databases' disk takes writes, Listening whether clients and backups
	// can connect, and NorthdRunning whether ovn-northd runs, as 0 or 1.
	DiskWritable, Listening, NorthdRunning *float64
	Databases                              []Database
}

// Database is one database of the resource, with its server and its snapshots on this node.
type Database struct {
	Name string
	Role replication.Condition
	// Writable says that the server takes writes and holds the term.
	Writable bool
	// Term is that of the data, Current whether the data has seen the start of the record's term.
	Term, Current *float64
	// LastBeat is the time at which a beat was last seen to come, in seconds since 1970.
	LastBeat *float64
	// Source is where a backup replicates from, empty for no other; Connected whether it has a session
	// to it, and Behind for how many seconds it has been behind.
	Source            string
	Connected, Behind *float64
	Measures
	// Restarts is how often the supervisor has restarted the server in place.
	Restarts *float64
}

// Measures are measures of a database that no decision depends on.
type Measures struct {
	// FileSize and ResidentMemory are in bytes.
	FileSize, ResidentMemory, Sessions *float64
	// Snapshots is how many there are, LatestSnapshot when the newest was taken, in seconds since 1970.
	Snapshots, LatestSnapshot *float64
}

// Known returns a number that is known.
func Known[T ~int | ~int64 | ~uint64 | ~float64](n T) *float64 {
	f := float64(n)
	return &f
}

// Bool returns 1 or 0.
func Bool(b bool) *float64 {
	if b {
		return Known(1)
	}
	return Known(0)
}

// Time returns a time as seconds since 1970; nil for the zero time.
func Time(t time.Time) *float64 {
	if t.IsZero() {
		return nil
	}
	return Known(float64(t.UnixMilli()) / 1000)
}

// Store holds the latest snapshot, for one writer and any number of readers.
type Store struct {
	latest atomic.Pointer[Snapshot]
}

// Set replaces the snapshot.
func (s *Store) Set(latest Snapshot) { s.latest.Store(&latest) }

// Latest returns the snapshot, nil if there was none.
func (s *Store) Latest() *Snapshot { return s.latest.Load() }
