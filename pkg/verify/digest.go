package verify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
)

// A Content stands for the rows of a database.
type Content struct {
	// Rows is their number.
	Rows int `json:"rows"`
	// Digest is the same for the same rows with the same UUIDs, and no other ones; empty if there are
	// none.
	Digest string `json:"digest"`
}

// DigestFile reads the first size bytes of a database file, and returns the content outside the ignored
// tables. It depends neither on the transactions by which the rows came, nor on the order of columns and
// of elements, nor on columns that are at their initial values, which another schema may lack. The row's
// version and ephemeral columns do not count.
//
// Like a server it takes the records before one that cannot be read as the file. The error is that of
// [ovsdbfile.IndexRows], of a row, or of ctx.
func DigestFile(ctx context.Context, file io.ReaderAt, size int64, ignore ...string) (Content, error) {
	index, err := ovsdbfile.IndexRows(ctx, file, size)
	if err != nil {
		return Content{}, err
	}
	schema, err := ovsdbctl.ParseSchema(index.Schema)
	if err != nil {
		return Content{}, err
	}
	types, err := typesOf(schema)
	if err != nil {
		return Content{}, err
	}
	all, sum := Content{}, sha256.New()
	for _, table := range tablesOf(schema) {
		if slices.Contains(ignore, table) {
			continue
		}
		content, err := digestTable(ctx, index, table, types[table])
		if err != nil {
			return Content{}, err
		}
		if content.Rows > 0 { // another schema may lack the table
			_, _ = fmt.Fprintf(sum, "%q %s\n", table, content.Digest) // a hash never fails
			all.Rows += content.Rows
		}
	}
	if all.Rows > 0 {
		all.Digest = hex.EncodeToString(sum.Sum(nil))
	}
	return all, nil
}

// digestTable returns the content of a table. Its sections, of the rows whose UUIDs begin with the same
// byte, are read at the same time.
func digestTable(ctx context.Context, index *ovsdbfile.RowIndex, table string, types map[string]columnType) (Content, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var sections [1 << 8]Content
	var next atomic.Int32
	var group sync.WaitGroup
	for range readers {
		group.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(sections); i = next.Add(1) - 1 {
				var err error
				if sections[i], err = digestSection(ctx, index, table, byte(i), types); err != nil { //nolint:gosec // i < 256
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	all, sum := Content{}, sha256.New()
	for _, section := range sections {
		_, _ = io.WriteString(sum, section.Digest)
		all.Rows += section.Rows
	}
	all.Digest = hex.EncodeToString(sum.Sum(nil))
	return all, context.Cause(ctx)
}

func digestSection(ctx context.Context, index *ovsdbfile.RowIndex, table string, begin byte, types map[string]columnType) (Content, error) {
	content, sum := Content{}, sha256.New()
	err := index.Each(table, begin, func(id uuid.UUID, values []ovsdbfile.RowValue) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		row, err := digestRow(rowOf(values), types)
		if err != nil {
			return fmt.Errorf("row %v of table %s: %w", id, table, err)
		}
		_, _ = sum.Write(id[:])
		_, _ = sum.Write(row[:])
		content.Rows++
		return nil
	})
	content.Digest = hex.EncodeToString(sum.Sum(nil))
	return content, err
}

// digestRow returns the digest of the columns that are not at their initial values.
func digestRow(row Row, types map[string]columnType) (digest, error) {
	columns, err := row.columns(types)
	if err != nil {
		return digest{}, err
	}
	for name, elements := range columns {
		if types[name].ephemeral || slices.Equal(elements, types[name].initial) {
			delete(columns, name)
		}
	}
	return digestOf(columns)
}
