package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// ErrConversion is returned for a database file that ovsdb-tool cannot convert to a schema.
var ErrConversion = errors.New("it cannot be converted")

// maxConversionSchema bounds the schema of a conversion, in bytes.
const maxConversionSchema = 1 << 20

// CheckConversion returns an ErrConversion with the reason if rows of a database file do not fit a schema,
// given as JSON. It has ovsdb-tool convert a copy, and changes nothing: a server may have the file open.
//
// An ovsdb-server that is asked for a conversion may crash where a row does not fit (ovsdb_convert in
// ovsdb/file.c destroys the database before the transaction; Open vSwitch 3.1 and 3.5 do). It is asked only
// for those that have succeeded here.
func (f DatabaseFile) CheckConversion(ctx context.Context, schema []byte) error {
	if f.Owner.own() {
		if err := f.Owner.checkForeign(filepath.Dir(f.Path)); err != nil {
			return fmt.Errorf("cannot work on database file %s: %w", f.Path, err)
		}
		return f.checkConversion(ctx, schema)
	}
	input, err := fileWith("schema", schema)
	if err != nil {
		return fmt.Errorf("cannot hand over the schema for database file %s: %w", f.Path, err)
	}
	defer input.Close() //nolint:errcheck // It is in memory.
	_, err = f.asOwner(ctx, fileRequest{Operation: operationCheckConversion}, input)
	return err
}

// fileWith returns an open file with a content that is nowhere else.
func fileWith(name string, content []byte) (*os.File, error) {
	file, err := memoryFile(name)
	if err != nil {
		return nil, err
	}
	if _, err = file.Write(content); err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// checkConversionTo is [DatabaseFile.CheckConversion] with the schema in a file.
func (f DatabaseFile) checkConversionTo(ctx context.Context, schema io.Reader) error {
	text, err := io.ReadAll(io.LimitReader(schema, maxConversionSchema))
	if err != nil {
		return fmt.Errorf("cannot read the schema for database file %s: %w", f.Path, err)
	}
	return f.checkConversion(ctx, text)
}

func (f DatabaseFile) checkConversion(ctx context.Context, schema []byte) error {
	path, err := resolve(f.Path)
	if err != nil {
		return fmt.Errorf("cannot find database file: %w", err)
	}
	f.Path = path
	stage, err := newStaging(f, func() {})
	if err != nil {
		return fmt.Errorf("cannot convert a copy of database file %s: %w", path, err)
	}
	defer stage.close()
	if err := os.WriteFile(stage.path("schema"), schema, 0o600); err != nil {
		return fmt.Errorf("cannot convert a copy of database file %s: %w", path, err)
	}
	_, err = DatabaseTool(ctx, "convert", path, stage.path("schema"), stage.path("converted"))
	if failure, ok := errors.AsType[*RunError](err); ok && failure.ExitCode > 0 {
		return fmt.Errorf("%w: database file %s: %s", ErrConversion, path, failure.Stderr)
	}
	return err
}
