package ovsdbfile

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"sort"

	rowuuid "github.com/google/uuid"
)

// indexedChange is a change of a row and the offset of its value in the file.
type indexedChange struct {
	id   [16]byte
	kind changeKind
	at   [7]byte // big endian, so that changes need no more than 24 bytes
}

type changeKind uint8

const (
	changeWhole changeKind = iota // the columns' values
	changeDiff                    // the columns' differences, if the row exists
	changeGone                    // deleted
)

// setOffset keeps the low 56 bits of an offset: no file is larger.
func (c *indexedChange) setOffset(offset int64) {
	var wide [8]byte
	binary.BigEndian.PutUint64(wide[:], uint64(offset)) //nolint:gosec // never negative
	copy(c.at[:], wide[1:])
}

func (c *indexedChange) offset() int64 {
	var wide [8]byte
	copy(wide[1:], c.at[:])
	return int64(binary.BigEndian.Uint64(wide[:])) //nolint:gosec // 56 bits
}

// changeList holds changes in blocks: a slice of all would be copied as it grows, and take more than
// twice their size meanwhile. As a [sort.Interface] it is in the order of rows and of places in the file.
type changeList struct {
	blocks [][]indexedChange // all but the last one are full
	length int
}

// blockLength is the number of changes in a block, some 100 KB.
const blockLength = 1 << 12

func (l *changeList) at(i int) *indexedChange { return &l.blocks[i/blockLength][i%blockLength] }

func (l *changeList) add(change indexedChange) {
	switch {
	case l.length == 0:
		l.blocks = append(l.blocks, nil) // most tables have few rows
	case l.length%blockLength == 0:
		l.blocks = append(l.blocks, make([]indexedChange, 0, blockLength))
	}
	last := &l.blocks[len(l.blocks)-1]
	*last = append(*last, change)
	l.length++
}

// truncate keeps the first n changes.
func (l *changeList) truncate(n int) {
	l.length = n
	l.blocks = l.blocks[:(n+blockLength-1)/blockLength]
	if left := n % blockLength; left > 0 {
		last := &l.blocks[len(l.blocks)-1]
		*last = (*last)[:left]
	}
}

// setWhole makes the changes from start on those of a record without _is_diff.
func (l *changeList) setWhole(start int) {
	for i := start; i < l.length; i++ {
		if change := l.at(i); change.kind == changeDiff {
			change.kind = changeWhole
		}
	}
}

// settle sorts the changes, and drops those of rows that are gone.
func (l *changeList) settle() error {
	sort.Sort(l)
	kept := 0
	for start := 0; start < l.length; {
		end := l.endOfRow(start)
		from := start
		for i := start; i < end; i++ {
			gone := l.at(i).kind == changeGone
			if gone && i == from {
				return fmt.Errorf("%w: row %v is deleted, but does not exist", ErrNotDatabase, rowuuid.UUID(l.at(i).id))
			}
			if gone {
				from = i + 1
			}
		}
		for i := from; i < end; i++ {
			*l.at(kept) = *l.at(i)
			kept++
		}
		start = end
	}
	l.truncate(kept)
	return nil
}

// endOfRow returns the end of the changes of the row whose first one is at start.
func (l *changeList) endOfRow(start int) int {
	id, end := l.at(start).id, start+1
	for end < l.length && l.at(end).id == id {
		end++
	}
	return end
}

// search returns the place of the first change of a row with the UUID, or one behind it.
func (l *changeList) search(id rowuuid.UUID) int {
	return sort.Search(l.length, func(i int) bool { return bytes.Compare(l.at(i).id[:], id[:]) >= 0 })
}

// Len implements [sort.Interface].
func (l *changeList) Len() int { return l.length }

// Less implements [sort.Interface].
func (l *changeList) Less(i, j int) bool {
	a, b := l.at(i), l.at(j)
	return cmp.Or(bytes.Compare(a.id[:], b.id[:]), bytes.Compare(a.at[:], b.at[:])) < 0
}

// Swap implements [sort.Interface].
func (l *changeList) Swap(i, j int) {
	a, b := l.at(i), l.at(j)
	*a, *b = *b, *a
}
