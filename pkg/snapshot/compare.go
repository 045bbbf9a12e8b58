package snapshot

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"ovndb-servers/pkg/ovsdbctl"
)

// Kind says on which side of a comparison a row is.
type Kind string

// The kinds of difference.
const (
	// Missing is a row of the snapshot that the live database does not have.
	Missing Kind = "missing"
	// Changed is a row of both with different contents.
	Changed Kind = "changed"
	// Added is a row of the live database that the snapshot does not have.
	Added Kind = "added"
)

// Difference is one row that differs.
type Difference struct {
	Kind  Kind   `json:"kind"`
	Table string `json:"table"`
	UUID  string `json:"uuid"`
	// Columns are those that differ; of a row that is on one side only, those that
	// are not empty.
	Columns []Change `json:"columns"`
}

// Change is how a column differs: elements that only one side has.
type Change struct {
	Column   string   `json:"column"`
	Snapshot []string `json:"snapshot"`
	Live     []string `json:"live"`
}

// Ignore names the tables, columns and elements that no operator has written.
type Ignore struct {
	// Tables are left out.
	Tables []string
	// Columns are left out in every table.
	Columns []string
	// Elements are left out of a column's value if they begin so.
	Elements string

	// emptyText leaves out the empty text, which is none where a side has no such column.
	emptyText bool
}

// Compare returns the rows that differ, those that are missing in the live
// database first. Tables that only one side knows count as empty on the other.
func Compare(snapshot, live Contents, ignore Ignore) []Difference {
	var all []Difference
	tables := slices.Concat(slices.Collect(maps.Keys(snapshot)), slices.Collect(maps.Keys(live)))
	slices.Sort(tables)
	for _, table := range slices.Compact(tables) {
		if !slices.Contains(ignore.Tables, table) {
			all = append(all, compareTable(table, byUUID(snapshot[table]), byUUID(live[table]), ignore)...)
		}
	}
	order := []Kind{Missing, Changed, Added}
	slices.SortStableFunc(all, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.Kind), slices.Index(order, b.Kind)),
			strings.Compare(a.Table, b.Table), strings.Compare(a.UUID, b.UUID))
	})
	return all
}

type columns = map[string][]string

func byUUID(rows []ovsdbctl.Row) map[string]columns {
	all := make(map[string]columns, len(rows))
	for _, row := range rows {
		all[row.UUID] = row.Columns
	}
	return all
}

func compareTable(table string, snapshot, live map[string]columns, ignore Ignore) []Difference {
	var all []Difference
	for id, was := range snapshot {
		is, both := live[id]
		d := Difference{Kind: Missing, Table: table, UUID: id, Columns: compareColumns(was, is, ignore)}
		if both {
			d.Kind = Changed
		}
		if !both || len(d.Columns) > 0 {
			all = append(all, d)
		}
	}
	for id, is := range live {
		if _, both := snapshot[id]; !both {
			all = append(all, Difference{Kind: Added, Table: table, UUID: id, Columns: compareColumns(nil, is, ignore)})
		}
	}
	return all
}

// compareColumns leaves out a column that is empty on one side and missing on the
// other: a schema may have more columns than another.
func compareColumns(was, is columns, ignore Ignore) []Change {
	names := slices.Concat(slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(is)))
	slices.Sort(names)
	changes := []Change{}
	for _, name := range slices.Compact(names) {
		if slices.Contains(ignore.Columns, name) {
			continue
		}
		_, had := was[name]
		_, has := is[name]
		ignore := ignore
		ignore.emptyText = !had || !has
		change := Change{Column: name, Snapshot: only(was[name], is[name], ignore), Live: only(is[name], was[name], ignore)}
		if len(change.Snapshot)+len(change.Live) > 0 {
			changes = append(changes, change)
		}
	}
	return changes
}

// only returns the elements of a that b does not have.
func only(a, b []string, ignore Ignore) []string {
	found := []string{}
	for _, element := range a {
		_, other := slices.BinarySearch(b, element)
		if !other && (element != `""` || !ignore.emptyText) && (ignore.Elements == "" || !strings.HasPrefix(element, ignore.Elements)) {
			found = append(found, element)
		}
	}
	return found
}
