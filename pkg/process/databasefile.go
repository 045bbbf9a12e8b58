package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// DatabaseFile is a database file, the schema it should have, and whose it is.
type DatabaseFile struct {
	Path   string
	Schema string // path of the installed schema
	// Owner is the account as which all work on the file is done. If it is not this process's own,
	// this program is run as that account, see [FilesCommand].
	Owner Owner `json:"-"`
}

// Outcome is the result of [DatabaseFile.Ensure].
type Outcome string

// The outcomes of [DatabaseFile.Ensure].
const (
	OutcomeCurrent Outcome = "current" // the file has the installed schema
	OutcomeCreated Outcome = "created" // there was none
	OutcomeKept    Outcome = "kept"    // its schema differs from the installed one
)

// Ensured describes a database file after [DatabaseFile.Ensure].
type Ensured struct {
	Outcome Outcome
	// The schema's version in the file, and the installed one.
	FileVersion, SchemaVersion string
}

// Ensure makes sure that a server can serve the database file. A missing file
// is created with the installed schema. One with another schema is kept as it
// is: a backup has to have that of its active, which converts online.
//
// It never replaces a file that cannot be read: it returns [ErrDamaged],
// [ErrClustered] or [ErrWrongDatabase] then. It returns [ErrSchemaMissing] if
// there is no schema, [ErrInUse] if a server has a file of that name open,
// [ErrProgramMissing] if ovsdb-tool is not installed.
func (f DatabaseFile) Ensure(ctx context.Context) (Ensured, error) {
	if f.Owner.own() {
		if err := f.Owner.checkForeign(filepath.Dir(f.Path)); err != nil {
			return Ensured{}, fmt.Errorf("cannot work on database file %s: %w", f.Path, err)
		}
		return f.ensure(ctx)
	}
	return f.asOwner(ctx, fileRequest{Operation: operationEnsure}, nil)
}

func (f DatabaseFile) ensure(ctx context.Context) (Ensured, error) {
	path, err := resolve(f.Path)
	if err != nil {
		return Ensured{}, fmt.Errorf("cannot find database file: %w", err)
	}
	f.Path = path
	found, err := exists(path)
	if err != nil {
		return Ensured{}, fmt.Errorf("cannot find database file: %w", err)
	}
	if !found {
		return f.create(ctx)
	}
	return f.check(ctx)
}

// check reads a database file and compares it with the installed schema.
func (f DatabaseFile) check(ctx context.Context) (Ensured, error) {
	file, err := readDatabase(ctx, f.Path)
	if err != nil {
		return Ensured{}, err
	}
	installed, err := readSchema(ctx, f.Schema)
	if err != nil {
		return Ensured{}, err
	}
	ensured := Ensured{
		Outcome:       OutcomeCurrent,
		FileVersion:   file.version,
		SchemaVersion: installed.version,
	}
	if file.name != installed.name {
		return ensured, fmt.Errorf("cannot use database file %s: %w: %s instead of %s",
			f.Path, ErrWrongDatabase, file.name, installed.name)
	}
	if file.version != installed.version {
		ensured.Outcome = OutcomeKept
	}
	return ensured, nil
}

// create makes an empty database. It appears under its name only when it is
// complete and on disk.
func (f DatabaseFile) create(ctx context.Context) (Ensured, error) {
	installed, err := readSchema(ctx, f.Schema)
	if err != nil {
		return Ensured{}, err
	}
	stage, err := openStaging(f)
	if err != nil {
		return Ensured{}, fmt.Errorf("cannot create database file %s: %w", f.Path, err)
	}
	defer stage.close()
	if found, err := exists(f.Path); found || err != nil {
		return Ensured{}, fmt.Errorf("cannot create database file %s: it appeared meanwhile: %w", f.Path, errors.Join(err, fs.ErrExist))
	}
	const created = "created"
	if _, err := DatabaseTool(ctx, "create", stage.path(created), f.Schema); err != nil {
		return Ensured{}, fmt.Errorf("cannot create database file %s: %w", f.Path, err)
	}
	if err := stage.publish(created, f.Path); err != nil {
		return Ensured{}, fmt.Errorf("cannot create database file %s: %w", f.Path, err)
	}
	return Ensured{Outcome: OutcomeCreated, FileVersion: installed.version, SchemaVersion: installed.version}, nil
}

// resolve follows the links of a path, as Open vSwitch does. The file itself
// may be missing, but not the target of a link: then its file system may not be
// mounted.
func resolve(path string) (string, error) {
	target, err := filepath.EvalSymlinks(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return target, err
	}
	if _, lstatErr := os.Lstat(path); lstatErr == nil {
		return "", fmt.Errorf("%s is a link to nothing: %w", path, err)
	}
	directory, err := filepath.EvalSymlinks(filepath.Dir(path))
	return filepath.Join(directory, filepath.Base(path)), err
}
