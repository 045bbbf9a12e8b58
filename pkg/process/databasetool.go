package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ToolProgram is the program that works on database files.
const ToolProgram = "ovsdb-tool"

// DatabaseTool runs a command of ovsdb-tool, which works on files that no server need
// have open, and returns its output without surrounding space. Its errors are those of
// [Run].
func DatabaseTool(ctx context.Context, args ...string) (string, error) {
	output, err := Run(ctx, ToolProgram, append([]string{"-vconsole:off"}, args...)...)
	return strings.TrimSpace(output), err
}

// contents describes a database file by its first record.
type contents struct {
	name    string
	version string // of the schema
}

// readDatabase reads the head of a standalone database file. It returns
// [ErrClustered] for one of a cluster and [ErrDamaged] for any other file.
func readDatabase(ctx context.Context, path string) (contents, error) {
	if err := readable(path); err != nil {
		return contents{}, err
	}
	// Exit status 0 is yes, 2 is no, and 1 is that it is no database file.
	_, err := DatabaseTool(ctx, "db-is-clustered", path)
	if err == nil {
		return contents{}, fmt.Errorf("cannot serve database file %s in active-backup mode: %w", path, ErrClustered)
	}
	if failure, ok := errors.AsType[*RunError](err); !ok || failure.ExitCode != 2 {
		return contents{}, damaged(path, err)
	}
	var found contents
	if found.name, err = DatabaseTool(ctx, "db-name", path); err != nil {
		return contents{}, damaged(path, err)
	}
	if found.version, err = DatabaseTool(ctx, "db-version", path); err != nil {
		return contents{}, damaged(path, err)
	}
	return found, nil
}

// damaged returns [ErrDamaged] with the message of ovsdb-tool, or err itself if
// ovsdb-tool did not get as far as reading the file.
func damaged(path string, err error) error {
	failure, ok := errors.AsType[*RunError](err)
	if !ok || failure.ExitCode <= 0 {
		return err
	}
	return fmt.Errorf("cannot read database file %s: %w: %s", path, ErrDamaged, failure.Stderr)
}

// readable makes sure that ovsdb-tool can fail only because of the file's
// content.
func readable(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("cannot read database file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("cannot read database file %s: %w: it is no regular file", path, ErrDamaged)
	}
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("cannot read database file: %w", err)
	}
	return file.Close()
}

// schema describes an installed schema file.
type schema struct {
	name    string
	version string
}

// readSchema returns [ErrSchemaMissing] if there is no such file.
func readSchema(ctx context.Context, path string) (schema, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return schema{}, fmt.Errorf("cannot find schema %s: %w", path, ErrSchemaMissing)
	}
	name, err := DatabaseTool(ctx, "schema-name", path)
	if err != nil {
		return schema{}, fmt.Errorf("cannot read schema %s: %w", path, err)
	}
	version, err := DatabaseTool(ctx, "schema-version", path)
	if err != nil {
		return schema{}, fmt.Errorf("cannot read schema %s: %w", path, err)
	}
	return schema{name: name, version: version}, nil
}
