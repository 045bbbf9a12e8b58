package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/process"
)

// Contents are the rows of a database by table.
type Contents map[string][]ovsdbctl.Row

// ErrTooLarge is returned for a table that is too large to be read.
var ErrTooLarge = errors.New("too large to be compared")

// maxSchema bounds the first record of a file, the schema, in bytes. Those of OVN have some 30 000.
const maxSchema = 16 << 20

// Tables returns the names of the tables of a database file, sorted, and the
// database's name.
func Tables(file *os.File) (database string, tables []string, err error) {
	schema, err := readSchema(file)
	return schema.Name, slices.Sorted(maps.Keys(schema.Tables)), err
}

// HasColumn reports whether the schema of a database file has a column.
func HasColumn(file *os.File, table, column string) (bool, error) {
	schema, err := readSchema(file)
	_, has := schema.Tables[table].Columns[column]
	return has, err
}

// fileSchema is a part of a <database-schema> of RFC 7047, section 3.2.
type fileSchema struct {
	Name   string
	Tables map[string]struct{ Columns map[string]json.RawMessage }
}

// readSchema reads the first record of a database file.
func readSchema(file *os.File) (fileSchema, error) {
	record, err := ovsdbfile.NewReader(io.NewSectionReader(file, 0, maxSchema)).Next()
	if err != nil {
		return fileSchema{}, fmt.Errorf("cannot read the schema of %s: %w", file.Name(), err)
	}
	var schema fileSchema
	if err := json.Unmarshal(record.JSON, &schema); err != nil {
		return fileSchema{}, fmt.Errorf("cannot read the schema of %s: %w", file.Name(), err)
	}
	return schema, nil
}

// Read returns the rows of tables of a database file, which need not be served.
// ovsdb-tool reads the file as the account, and locks nothing. It reads the
// whole file each time, so all tables are asked for at once; if that is too much,
// one after another. Tables that are too large even then are missing in the
// contents, and the error is ErrTooLarge, beside the rest.
func Read(ctx context.Context, file *os.File, account process.Owner, database string, tables []string) (Contents, error) {
	contents, err := read(ctx, file, account, database, tables)
	if !errors.Is(err, ErrTooLarge) || len(tables) == 1 {
		return contents, err
	}
	contents = Contents{}
	var tooLarge error
	for _, table := range tables {
		one, err := read(ctx, file, account, database, []string{table})
		switch {
		case errors.Is(err, ErrTooLarge):
			tooLarge = errors.Join(tooLarge, err)
		case err != nil:
			return nil, err
		}
		maps.Copy(contents, one)
	}
	return contents, tooLarge
}

func read(ctx context.Context, file *os.File, account process.Owner, database string, tables []string) (Contents, error) {
	selections := []any{database}
	for _, table := range tables {
		selections = append(selections, map[string]any{"op": "select", "table": table, "where": []any{}})
	}
	query, err := json.Marshal(selections)
	if err != nil {
		return nil, err
	}
	out, err := process.QueryDatabase(ctx, file, account, string(query))
	if failed, ok := errors.AsType[*process.RunError](err); ok && failed.ExitCode == 0 {
		// It has succeeded, and printed more than is kept.
		return nil, fmt.Errorf("cannot read table %q of %s: %w", tables, file.Name(), ErrTooLarge)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the rows of %s: %w", file.Name(), err)
	}
	rows, err := ovsdbctl.ParseRows([]byte(out))
	if err != nil {
		return nil, fmt.Errorf("cannot read the rows of %s: %w", file.Name(), err)
	}
	contents := Contents{}
	for i, table := range tables {
		contents[table] = rows[i]
	}
	return contents, nil
}
