package verify

import (
	"crypto/sha256"
	"encoding/json"
	"slices"

	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/snapshot"
)

// candidate is a row that has differed, and may do so only until one copy has followed the other.
type candidate struct {
	table      string
	id         uuid.UUID
	difference Difference
	// seenA and seenB are digests of the values that each copy has had, the first one first.
	seenA, seenB []digest
}

// digest stands for the columns of a row; zero for a row that does not exist.
type digest [sha256.Size]byte

func digestOf(columns map[string][]string) (digest, error) {
	if columns == nil {
		return digest{}, nil
	}
	text, err := json.Marshal(columns) // sorts the names
	return sha256.Sum256(text), err
}

// observe adds the row as the copies have it now, and reports whether the row is settled: it is the
// same, or one copy has changed since the row was first seen, to the content that the other one had
// before. That copy follows, and is late.
func (c *candidate) observe(a, b digest) (settled bool) {
	late := len(c.seenA) > 0 &&
		(a != c.seenA[0] && slices.Contains(c.seenB, a) || b != c.seenB[0] && slices.Contains(c.seenA, b))
	for _, side := range []struct {
		seen *[]digest
		now  digest
	}{{&c.seenA, a}, {&c.seenB, b}} {
		if !slices.Contains(*side.seen, side.now) {
			*side.seen = append(*side.seen, side.now)
		}
	}
	return a == b || late
}

// difference compares a row's columns on both sides; nil is a row that does not exist.
func difference(table string, id uuid.UUID, a, b map[string][]string) (d Difference, differs bool) {
	contents := func(columns map[string][]string) snapshot.Contents {
		if columns == nil {
			return nil
		}
		return snapshot.Contents{table: {ovsdbctl.Row{UUID: id.String(), Columns: columns}}}
	}
	found := snapshot.Compare(contents(a), contents(b), snapshot.Ignore{})
	if len(found) == 0 {
		return Difference{}, false
	}
	kinds := map[snapshot.Kind]Kind{snapshot.Missing: OnlyA, snapshot.Added: OnlyB, snapshot.Changed: Changed}
	d = Difference{Kind: kinds[found[0].Kind], Table: table, UUID: id.String(), Columns: []Column{}}
	for _, change := range found[0].Columns {
		d.Columns = append(d.Columns, Column{
			Column: change.Column, A: change.Snapshot, B: change.Live, Marker: isMarker(change),
		})
	}
	return d, true
}
