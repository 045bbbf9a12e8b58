package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"ovndb-servers/integration/ovsdb"
)

// nodeCopy is a node's copy of a database: the rows of each table, without what the agent
// itself keeps there.
type nodeCopy struct {
	// Names are the names of the rows that clients write.
	Names map[string]bool
	// Tables are the rows as text, sorted.
	Tables map[string][]string
}

// evidence is all that is known about a database when the run has ended.
type evidence struct {
	Database ovsdb.Database
	// Acks are the acknowledged rows, in their order.
	Acks []ovsdb.Ack
	// Copies are the nodes' copies.
	Copies map[string]nodeCopy
	// Kept are the names of the rows in the nodes' snapshots.
	Kept map[string]bool
	// PowerLosses are the times in which a row may be lost to a loss of power.
	PowerLosses []interval
	Fencing     bool
}

// account says where the acknowledged rows are.
type account struct {
	Database ovsdb.Database
	Acked    int
	// Everywhere counts the rows that all nodes have.
	Everywhere int
	// Excused are those that only a snapshot has, and may, Unexcused those that may not.
	Excused, Unexcused []ovsdb.Ack
	// Partly are those that some nodes have and others lack.
	Partly []ovsdb.Ack
	// Gone are those that are nowhere.
	Gone []ovsdb.Ack
	// Differences are how the nodes' copies differ.
	Differences []string
}

// missing returns the acknowledged rows that not every node has.
func (e evidence) missing() []ovsdb.Ack {
	return slices.DeleteFunc(slices.Clone(e.Acks), func(ack ovsdb.Ack) bool { return e.holders(ack.Name) == len(e.Copies) })
}

// holders counts the nodes that have a row.
func (e evidence) holders(name string) int {
	count := 0
	for _, one := range e.Copies {
		if one.Names[name] {
			count++
		}
	}
	return count
}

// account sorts the acknowledged rows by where they are.
func (e evidence) account() account {
	a := account{Database: e.Database, Acked: len(e.Acks), Differences: e.differences()}
	missing := e.missing()
	a.Everywhere = a.Acked - len(missing)
	for _, ack := range missing {
		switch {
		case e.holders(ack.Name) > 0:
			a.Partly = append(a.Partly, ack)
		case !e.Kept[ack.Name]:
			a.Gone = append(a.Gone, ack)
		case e.excuses(ack):
			a.Excused = append(a.Excused, ack)
		default:
			a.Unexcused = append(a.Unexcused, ack)
		}
	}
	return a
}

// excuses reports whether a row may be in a snapshot alone. Replication does not wait for
// the backups: a row that only the active has is not with those that go on without it. With
// fencing that takes a loss of power.
func (e evidence) excuses(ack ovsdb.Ack) bool {
	return !e.Fencing || slices.ContainsFunc(e.PowerLosses, func(loss interval) bool { return loss.holds(ack.At) })
}

// differences compares the first node's copy with all others.
func (e evidence) differences() []string {
	nodes := slices.Sorted(maps.Keys(e.Copies))
	var found []string
	for _, node := range nodes[min(1, len(nodes)):] {
		found = append(found, compare(nodes[0], node, e.Copies[nodes[0]].Tables, e.Copies[node].Tables)...)
	}
	return found
}

// compare names the tables in which two copies differ, with a row of each side.
func compare(nameA, nameB string, a, b map[string][]string) []string {
	tables := slices.Sorted(maps.Keys(a))
	for table := range b {
		if _, both := a[table]; !both {
			tables = append(tables, table)
		}
	}
	var found []string
	for _, table := range tables {
		onlyA, onlyB := ovsdb.Missing(a[table], b[table]), ovsdb.Missing(b[table], a[table])
		if len(onlyA)+len(onlyB) == 0 {
			continue
		}
		found = append(found, fmt.Sprintf("%s: %d rows only on %s%s, %d only on %s%s",
			table, len(onlyA), nameA, example(onlyA), len(onlyB), nameB, example(onlyB)))
	}
	return found
}

// example is the first of some rows, for print.
func example(rows []string) string {
	if len(rows) == 0 {
		return ""
	}
	return " (" + oneLine(rows[0]) + ")"
}

// problems returns what must not be.
func (a account) problems() []string {
	var found []string
	rows := func(acks []ovsdb.Ack, are string) {
		if len(acks) > 0 {
			found = append(found, fmt.Sprintf("%s: %d acknowledged rows %s: %s", short(a.Database), len(acks), are, ends(acks)))
		}
	}
	rows(a.Gone, "are gone")
	rows(a.Unexcused, "are in snapshots alone, though no node lost its power")
	rows(a.Partly, "are not on all nodes")
	if len(a.Differences) > 0 {
		found = append(found, fmt.Sprintf("%s: the copies differ: %s", short(a.Database), strings.Join(a.Differences, "; ")))
	}
	return found
}

// String returns the account on one line.
func (a account) String() string {
	texts := []string{fmt.Sprintf("%s: %d rows acknowledged, %d of them on all nodes", short(a.Database), a.Acked, a.Everywhere)}
	for _, one := range []struct {
		acks []ovsdb.Ack
		what string
	}{{a.Excused, "in snapshots alone, as may be"}, {a.Unexcused, "in snapshots alone"}, {a.Partly, "on some nodes"}, {a.Gone, "gone"}} {
		if len(one.acks) > 0 {
			texts = append(texts, fmt.Sprintf("%d %s (%s)", len(one.acks), one.what, ends(one.acks)))
		}
	}
	return strings.Join(texts, ", ")
}

// ends names the first and the last of some rows, with when they were acknowledged.
func ends(acks []ovsdb.Ack) string {
	text := func(ack ovsdb.Ack) string { return ack.Name + " of " + clock(ack.At) }
	if len(acks) == 1 {
		return text(acks[0])
	}
	return text(acks[0]) + " to " + text(acks[len(acks)-1])
}
