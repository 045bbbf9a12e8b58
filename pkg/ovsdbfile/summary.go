package ovsdbfile

// Summary describes the content of a database file up to its end, or up to the first record
// that cannot be read.
//
// A [Follower] makes it for a global table, whose external_ids it reports, and for one key
// of them, whose changes divide the file in two.
type Summary struct {
	Schema        string // name of the database: "OVN_Northbound"
	SchemaVersion string // "7.0.0"; empty if the schema has none

	// Global is the external_ids of the single row of the global table that begin as the key does,
	// up to its last colon. It is nil if there is no such row, or if there are several.
	Global map[string]string

	// ChangesAfterKey is how many rows are inserted, modified or deleted by the records
	// after the last one that set, changed or removed the key, each row counted once per
	// record; 0 if there is no such record. A row that is inserted sets the keys it has,
	// whatever the row before it had.
	//
	// It survives the merging of transactions, but for repeated changes of one row: an
	// active sends simultaneous transactions, and those that a slow backup has missed,
	// as one update, which becomes one record.
	ChangesAfterKey int

	// ChangesWithKey is how many other rows are changed by the record itself that
	// changed the key. On an active the same transaction changed them. On a backup
	// transactions from before and after may be merged with it: between ChangesAfterKey
	// and the sum of both of its changes came after the key. After a resync or a
	// compaction it is the number of all other rows, which is right: nothing is known.
	ChangesWithKey int

	Size int64      // of the part that can be read, in bytes
	Torn *TornError // why there is no more; nil if the file ends there
	Rows int        // at the end, outside the ignored tables, or RowsUnknown
}

// RowsUnknown is in place of a number of rows where only a part of the file was read, see
// [Resume].
const RowsUnknown = -1

// RowsKnown reports whether Rows is a number of rows.
func (s Summary) RowsKnown() bool { return s.Rows != RowsUnknown }
