package verify

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"ovndb-servers/pkg/parallel"
)

// Options are how two copies are compared.
type Options struct {
	// Database is the one to compare, empty for the only one that both copies have.
	Database string
	// Settle is for how long in all rows that differ are read again.
	Settle time.Duration
	// Keep is how many rows that differ are listed in the result.
	Keep int
	// Progress, if set, is called now and then with the number of rows that have been compared, and
	// of all.
	Progress func(compared, all int)
}

// maxCandidates bounds the rows that differ and are kept to be read again.
const maxCandidates = 10_000

// comparison is a comparison of two copies.
type comparison struct {
	a, b           Copy
	typesA, typesB tableTypes
	options        Options
	settle         time.Duration // that is left
	candidates     []*candidate
	result         Result
}

// Compare compares two copies of a database. The error is that of a copy that cannot be read, or
// [ErrWhichDatabase].
func Compare(ctx context.Context, a, b Address, o Options) (Result, error) {
	namesA, err := a.databases(ctx)
	if err != nil {
		return Result{}, err
	}
	namesB, err := b.databases(ctx)
	if err != nil {
		return Result{}, err
	}
	database, err := choose(o.Database, a.text, namesA, b.text, namesB)
	if err != nil {
		return Result{}, err
	}
	copyA, err := a.open(ctx, database)
	if err != nil {
		return Result{}, err
	}
	defer copyA.Close() //nolint:errcheck // only read
	copyB, err := b.open(ctx, database)
	if err != nil {
		return Result{}, err
	}
	defer copyB.Close() //nolint:errcheck // only read
	c := &comparison{a: copyA, b: copyB, options: o, settle: o.Settle, result: Result{
		Database: database, Counts: map[Kind]int{}, Tables: map[string]int{}, Differences: []Difference{},
		A: describe(a, copyA), B: describe(b, copyB),
	}}
	if err := c.run(ctx); err != nil {
		return Result{}, err
	}
	return c.result, nil
}

func describe(address Address, c Copy) Description {
	return Description{Address: address.text, SchemaVersion: c.Schema().Version, Torn: c.Torn()}
}

func (c *comparison) run(ctx context.Context) error {
	var err error
	if c.typesA, err = typesOf(c.a.Schema()); err != nil {
		return err
	}
	if c.typesB, err = typesOf(c.b.Schema()); err != nil {
		return err
	}
	var idsA, idsB map[string][]uuid.UUID
	err = both(
		func() (err error) { idsA, err = c.a.IDs(ctx); return err },
		func() (err error) { idsB, err = c.b.IDs(ctx); return err },
	)
	if err != nil {
		return err
	}
	c.result.A.Rows, c.result.B.Rows = count(idsA), count(idsB)
	if err := c.compareAll(ctx, newPieces(idsA, idsB)); err != nil {
		return err
	}
	if err := c.settleCandidates(ctx); err != nil {
		return err
	}
	c.result.finish()
	return nil
}

func count(ids map[string][]uuid.UUID) int {
	rows := 0
	for _, table := range ids {
		rows += len(table)
	}
	return rows
}

// both runs two functions at the same time.
func both(a, b func() error) error {
	return errors.Join(parallel.Map([]func() error{a, b}, func(f func() error) error { return f() })...)
}

// readers is how many pieces are read at a time: both servers work while rows are compared here.
const readers = 4

// compareAll compares all pieces, and keeps the rows that differ as candidates.
func (c *comparison) compareAll(ctx context.Context, p *pieces) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	found := make(chan []*candidate)
	var group sync.WaitGroup
	for range readers {
		group.Go(func() {
			if err := c.comparePieces(ctx, p, found); err != nil {
				cancel(err)
			}
		})
	}
	go func() {
		group.Wait()
		close(found)
	}()
	for some := range found {
		c.candidates = append(c.candidates, some...)
		if c.options.Progress != nil {
			c.options.Progress(p.progress())
		}
		if len(c.candidates) >= maxCandidates && ctx.Err() == nil {
			if err := c.settleCandidates(ctx); err != nil {
				cancel(err)
			}
		}
	}
	return context.Cause(ctx)
}

// comparePieces compares pieces until there are no more.
func (c *comparison) comparePieces(ctx context.Context, p *pieces, found chan<- []*candidate) error {
	for {
		table, ids := p.next()
		if len(ids) == 0 {
			return nil
		}
		var some []*candidate
		for _, id := range ids {
			some = append(some, &candidate{table: table, id: id})
		}
		some, size, err := c.read(ctx, table, some)
		if err != nil {
			return err
		}
		p.resize(table, len(ids), size)
		select {
		case found <- some:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// read reads rows of a table from both copies and returns those that differ, and the size in bytes of
// all.
func (c *comparison) read(ctx context.Context, table string, rows []*candidate) (differ []*candidate, size int, err error) {
	ids := make([]uuid.UUID, 0, len(rows))
	for _, row := range rows {
		ids = append(ids, row.id)
	}
	var a, b []Row
	err = both(
		func() (err error) { a, err = c.a.Rows(ctx, table, ids); return err },
		func() (err error) { b, err = c.b.Rows(ctx, table, ids); return err },
	)
	if err != nil {
		return nil, 0, err
	}
	for i, row := range rows {
		size += a[i].size() + b[i].size()
		settled, err := c.examine(row, a[i], b[i])
		if err != nil {
			return nil, 0, fmt.Errorf("row %v of table %s: %w", row.id, table, err)
		}
		if !settled {
			differ = append(differ, row)
		}
	}
	return differ, size, nil
}

// examine reports whether a row is the same in both copies, or one is only late.
func (c *comparison) examine(row *candidate, a, b Row) (settled bool, err error) {
	if a.equalText(b) {
		return true, nil
	}
	typesA, typesB := c.typesA[row.table], c.typesB[row.table]
	columnsA, err := normal(a, typesA, typesB)
	if err != nil {
		return false, fmt.Errorf("%s: %w", c.result.A.Address, err)
	}
	columnsB, err := normal(b, typesB, typesA)
	if err != nil {
		return false, fmt.Errorf("%s: %w", c.result.B.Address, err)
	}
	d, differs := difference(row.table, row.id, columnsA, columnsB)
	if !differs {
		return true, nil
	}
	row.difference = d
	digestA, err := digestOf(columnsA)
	if err != nil {
		return false, err
	}
	digestB, err := digestOf(columnsB)
	return row.observe(digestA, digestB), err
}
