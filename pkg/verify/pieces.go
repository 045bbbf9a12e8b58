package verify

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"github.com/google/uuid"
)

const (
	// maxPiece is how many rows are read at a time from each copy. ovsdb-server answers a request for
	// hundreds of rows more slowly than many small ones, and meanwhile answers no other client.
	maxPiece = 32
	// pieceSize is the size in bytes of a piece, of both copies together, that larger rows make
	// smaller.
	pieceSize = 128 << 10
)

// pieces hands out the rows of two copies: those of both, or of one only. It is safe for concurrent
// use.
type pieces struct {
	mu     sync.Mutex
	tables []string
	a, b   map[string][]uuid.UUID // that are left
	length int
	handed int
	all    int
}

func newPieces(a, b map[string][]uuid.UUID) *pieces {
	p := &pieces{a: a, b: b, length: 1, all: max(count(a), count(b))}
	names := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(names)
	p.tables = slices.Compact(names)
	return p
}

// next returns the next rows, all of one table; none at the end.
func (p *pieces) next() (table string, ids []uuid.UUID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.tables) > 0 {
		table = p.tables[0]
		for len(ids) < p.length && len(p.a[table])+len(p.b[table]) > 0 {
			ids = append(ids, p.take(table))
		}
		if len(ids) > 0 {
			p.handed += len(ids)
			return table, ids
		}
		p.tables, p.length = p.tables[1:], 1
		delete(p.a, table)
		delete(p.b, table)
	}
	return "", nil
}

// take takes the least UUID from the copies that have it.
func (p *pieces) take(table string) uuid.UUID {
	a, b := p.a[table], p.b[table]
	var order int
	switch {
	case len(a) == 0:
		order = 1
	case len(b) == 0:
		order = -1
	default:
		order = bytes.Compare(a[0][:], b[0][:])
	}
	if order >= 0 {
		p.b[table] = b[1:]
	}
	if order <= 0 {
		p.a[table] = a[1:]
		return a[0]
	}
	return b[0]
}

// resize makes the next pieces of a table as long as fits rows of the size of those n.
func (p *pieces) resize(table string, n, size int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.tables) > 0 && p.tables[0] == table {
		p.length = min(max(pieceSize*n/max(size, 1), 1), 2*p.length, maxPiece)
	}
}

// progress returns the number of rows that have been handed out, and of all.
func (p *pieces) progress() (handed, all int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handed, max(p.all, p.handed)
}
