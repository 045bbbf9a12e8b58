package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// readCopies reads all nodes' copies of a database.
func readCopies(ctx context.Context, c *cluster.Cluster, db ovsdb.Database) (map[string]nodeCopy, error) {
	var mu sync.Mutex
	copies := map[string]nodeCopy{}
	err := c.ForEachNode(func(node cluster.Node) error {
		text, err := c.MustExec(ctx, node.Name, "ovsdb-client", "--timeout=60", "--format=json", "dump", "unix:"+db.Socket, db.Name)
		if err != nil {
			return fmt.Errorf("cannot read %s: %w", db.Name, err)
		}
		one, err := parseDump(strings.NewReader(text), db.Table)
		if err != nil {
			return fmt.Errorf("%s: %w", node.Name, err)
		}
		mu.Lock()
		defer mu.Unlock()
		copies[node.Name] = one
		return nil
	})
	return copies, err
}

// dumpedTable is a table as ovsdb-client dump prints it with --format=json: see table(7) of
// Open vSwitch's ovs-appctl and ovsdb-client.
type dumpedTable struct {
	Caption  string              `json:"caption"`
	Headings []string            `json:"headings"`
	Data     [][]json.RawMessage `json:"data"`
}

// parseDump reads the output of ovsdb-client dump. The names are those of one table.
func parseDump(text io.Reader, named string) (nodeCopy, error) {
	one := nodeCopy{Names: map[string]bool{}, Tables: map[string][]string{}}
	decoder := json.NewDecoder(text)
	for {
		var table dumpedTable
		err := decoder.Decode(&table)
		if errors.Is(err, io.EOF) {
			return one, nil
		}
		if err != nil {
			return nodeCopy{}, fmt.Errorf("cannot read the output of ovsdb-client dump: %w", err)
		}
		name := strings.TrimSuffix(table.Caption, " table")
		one.Tables[name] = table.rows()
		if name == named {
			table.addNames(one.Names)
		}
	}
}

// local are the columns and tables that differ between copies that are equal: each node has
// its own rows of Connection.
func local(table, column string) bool {
	return table == "Connection table" || column == "connections"
}

// rows returns the rows as text, sorted.
func (t dumpedTable) rows() []string {
	rows := make([]string, 0, len(t.Data))
	for _, data := range t.Data {
		var row bytes.Buffer
		for i, value := range data {
			if i < len(t.Headings) && !local(t.Caption, t.Headings[i]) && !empty(value) {
				fmt.Fprintf(&row, "%s=%s ", t.Headings[i], value)
			}
		}
		if row.Len() > 0 {
			rows = append(rows, row.String())
		}
	}
	slices.Sort(rows)
	return rows
}

// empty reports whether a value is a column's default, as nearly all are: leaving them out
// makes a row a tenth as long.
func empty(value json.RawMessage) bool {
	return slices.Contains([]string{`["set",[]]`, `["map",[]]`, `""`, `0`, `false`}, string(value))
}

// addNames adds the values of the column "name".
func (t dumpedTable) addNames(names map[string]bool) {
	column := slices.Index(t.Headings, "name")
	for _, data := range t.Data {
		var name string
		if column >= 0 && column < len(data) && json.Unmarshal(data[column], &name) == nil {
			names[name] = true
		}
	}
}

// kept is the output of ovndb-servers snapshots list, and a part of that of show.
type kept struct {
	Name     string    `json:"name"`
	Database string    `json:"database"`
	Taken    time.Time `json:"taken"`
}

// mayHold reports whether a snapshot may have a row that is wanted and not found yet: one that was taken
// before has none. The clocks of the nodes are this machine's.
func (k kept) mayHold(db ovsdb.Database, wanted []ovsdb.Ack, found map[string]bool) bool {
	return k.Database == db.Name && slices.ContainsFunc(wanted, func(ack ovsdb.Ack) bool {
		return !found[ack.Name] && !k.Taken.Before(ack.At.Truncate(time.Second))
	})
}

// comparison is the output of ovndb-servers snapshots show, as far as it is used.
type comparison struct {
	Compared    bool       `json:"compared"`
	NotCompared []string   `json:"not_compared"`
	Differences []shownRow `json:"differences"`
}

// shownRow is a row that differs.
type shownRow struct {
	Kind    string        `json:"kind"`
	Table   string        `json:"table"`
	Columns []shownColumn `json:"columns"`
}

// shownColumn is a column of it; Snapshot are the snapshot's values, texts in quotes.
type shownColumn struct {
	Column   string   `json:"column"`
	Snapshot []string `json:"snapshot"`
}

// readKept returns the names of the rows of a database's table that snapshots have and the
// live databases lack, as an operator would find them. It stops when it has all wanted ones.
func readKept(ctx context.Context, c *cluster.Cluster, db ovsdb.Database, wanted []ovsdb.Ack) (map[string]bool, error) {
	found := map[string]bool{}
	for _, node := range c.NodeNames() {
		text, err := c.MustExec(ctx, node, "ovndb-servers", "snapshots", "list", "-o", "json")
		if err != nil {
			return found, fmt.Errorf("cannot list the snapshots: %w", err)
		}
		var all []kept
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			return found, fmt.Errorf("cannot read the list of snapshots of %s: %w", node, err)
		}
		for _, one := range all {
			if !one.mayHold(db, wanted, found) {
				continue
			}
			if err := addKept(ctx, c, node, one.Name, db, found); err != nil {
				return found, err
			}
		}
	}
	return found, nil
}

// addKept adds the names that one snapshot has and the live database lacks.
func addKept(ctx context.Context, c *cluster.Cluster, node, snapshot string, db ovsdb.Database, found map[string]bool) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	text, err := c.MustExec(ctx, node, "ovndb-servers", "snapshots", "show", snapshot, "-o", "json", "--all")
	if err != nil {
		return fmt.Errorf("cannot read snapshot %s: %w", snapshot, err)
	}
	var shown comparison
	if err := json.Unmarshal([]byte(text), &shown); err != nil {
		return fmt.Errorf("cannot read the comparison of snapshot %s: %w", snapshot, err)
	}
	if !shown.Compared || slices.Contains(shown.NotCompared, db.Table) {
		return fmt.Errorf("snapshot %s on %s was not compared", snapshot, node)
	}
	for _, name := range shown.missing(db.Table) {
		found[name] = true
	}
	return nil
}

// missing returns the names of the rows of a table that the live database lacks.
func (c comparison) missing(table string) []string {
	var names []string
	for _, row := range c.Differences {
		if row.Kind != "missing" || row.Table != table {
			continue
		}
		for _, column := range row.Columns {
			if column.Column != "name" || len(column.Snapshot) != 1 {
				continue
			}
			name := column.Snapshot[0]
			if text, err := strconv.Unquote(name); err == nil {
				name = text
			}
			names = append(names, name)
		}
	}
	return names
}
