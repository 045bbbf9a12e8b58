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
	OutcomeCurrent  Outcome = "current"  // the file has the installed schema
	OutcomeCreated  Outcome = "created"  // there was none
	OutcomeUpgraded Outcome = "upgraded" // its schema was older
	OutcomeKept     Outcome = "kept"     // its schema differs from the installed one, which is not newer
)

// Ensured describes a database file after [DatabaseFile.Ensure].
type Ensured struct {
	Outcome Outcome
	Backup  string // path of the copy from before an upgrade

	// The schema's version in the file, before an upgrade, and the installed
	// one.
	FileVersion, SchemaVersion string
}

// Ensure makes sure that a server can serve the database file with the
// installed schema. A missing file is created. One with an older schema is
// copied, then converted: if that fails, it stays as it is. One with a newer
// schema is left alone, because an older schema would drop data.
//
// It never replaces a file that cannot be read: it returns [ErrDamaged],
// [ErrClustered] or [ErrWrongDatabase] then. It returns [ErrSchemaMissing] if
// there is no schema, [ErrInUse] if a server has the file open that would have
// to be changed, [ErrProgramMissing] if ovsdb-tool is not installed.
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
	return f.keepOrUpgrade(ctx)
}

func (f DatabaseFile) keepOrUpgrade(ctx context.Context) (Ensured, error) {
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
		FileVersion:   file.version.String(),
		SchemaVersion: installed.version.String(),
	}
	if file.name != installed.name {
		return ensured, fmt.Errorf("cannot use database file %s: %w: %s instead of %s",
			f.Path, ErrWrongDatabase, file.name, installed.name)
	}
	answer, err := DatabaseTool(ctx, "needs-conversion", f.Path, f.Schema)
	if err != nil {
		return ensured, fmt.Errorf("cannot compare database file %s with schema %s: %w", f.Path, f.Schema, err)
	}
	if answer == "no" {
		return ensured, nil
	}
	if installed.version.compare(file.version) <= 0 {
		ensured.Outcome = OutcomeKept
		return ensured, nil
	}
	return f.upgrade(ctx, file, ensured)
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
	version := installed.version.String()
	return Ensured{Outcome: OutcomeCreated, FileVersion: version, SchemaVersion: version}, nil
}

// upgrade converts the database to the installed schema.
func (f DatabaseFile) upgrade(ctx context.Context, file contents, ensured Ensured) (Ensured, error) {
	failed := func(err error) (Ensured, error) {
		return ensured, fmt.Errorf("cannot upgrade database file %s from schema version %s to %s; the file is unchanged: %w",
			f.Path, ensured.FileVersion, ensured.SchemaVersion, err)
	}
	stage, err := openStaging(f)
	if err != nil {
		return failed(err)
	}
	defer stage.close()
	if ensured.Backup, err = stage.backup(ctx, file); err != nil {
		return failed(err)
	}
	converted, err := stage.convert(ctx)
	if err != nil {
		return failed(fmt.Errorf("%w; a copy of it is %s", err, ensured.Backup))
	}
	if err := stage.publish(converted, f.Path); err != nil {
		return failed(err)
	}
	ensured.Outcome = OutcomeUpgraded
	return ensured, nil
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
