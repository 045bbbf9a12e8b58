package verify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
)

// file is a copy in a database file.
type file struct {
	path string

	mu          sync.RWMutex // of all below: rows are read while the copy is refreshed
	open        *os.File
	fingerprint string
	index       *ovsdbfile.RowIndex
	schema      ovsdbctl.Schema
}

func openFile(ctx context.Context, path string) (*file, error) {
	opened, err := ovsdbfile.Open(path)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, open: opened}
	if err := f.read(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot read database file %s: %w", path, err), opened.Close())
	}
	return f, nil
}

func (f *file) read(ctx context.Context) error {
	var err error
	if f.fingerprint, err = ovsdbfile.Fingerprint(f.open); err != nil {
		return err
	}
	info, err := f.open.Stat()
	if err != nil {
		return err
	}
	if f.index, err = ovsdbfile.IndexRows(ctx, f.open, info.Size()); err != nil {
		return err
	}
	f.schema, err = ovsdbctl.ParseSchema(f.index.Schema)
	return err
}

// Schema implements [Copy].
func (f *file) Schema() ovsdbctl.Schema { return f.schema }

// IDs implements [Copy].
func (f *file) IDs(context.Context) (map[string][]uuid.UUID, error) {
	ids := map[string][]uuid.UUID{}
	for table := range f.schema.Columns {
		ids[table] = f.index.IDs(table)
	}
	return ids, nil
}

// Rows implements [Copy].
func (f *file) Rows(ctx context.Context, table string, ids []uuid.UUID) ([]Row, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	rows := make([]Row, 0, len(ids))
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		values, err := f.index.Values(table, id)
		if err != nil {
			return nil, fmt.Errorf("database file %s: %w", f.path, err)
		}
		rows = append(rows, rowOf(values))
	}
	return rows, nil
}

func rowOf(values []ovsdbfile.RowValue) Row {
	var row Row
	for _, v := range values {
		row = append(row, value{text: v.JSON, diff: v.Diff})
	}
	return row
}

// Refresh implements [Copy]. A server may have written to the file since, or have put a compacted one
// in its place.
func (f *file) Refresh(ctx context.Context) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	next, err := ovsdbfile.Open(f.path)
	if err != nil {
		return false, err
	}
	fingerprint, err := ovsdbfile.Fingerprint(next)
	if err != nil || fingerprint == f.fingerprint {
		return false, errors.Join(err, next.Close())
	}
	before := f.open
	f.open = next
	if err := f.read(ctx); err != nil {
		return false, errors.Join(fmt.Errorf("cannot read database file %s: %w", f.path, err), before.Close())
	}
	return true, before.Close()
}

// Torn implements [Copy].
func (f *file) Torn() string {
	if f.index.Torn == nil {
		return ""
	}
	return fmt.Sprintf("from byte %d: %s", f.index.Torn.Offset, f.index.Torn.Reason)
}

// Close implements [Copy].
func (f *file) Close() error { return f.open.Close() }
