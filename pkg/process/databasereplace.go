package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/foreignpath"
)

// Replace puts a copy of another database file in the place of f, which may be
// missing, but must not be in use. Until the copy is complete and on disk, f stays
// as it is. It reads the open source from its beginning, and works as the Owner or, without one, as
// whom the directory of f belongs to. The Schema is not needed: the next [DatabaseFile.Ensure]
// upgrades.
//
// It returns [ErrInUse] if a server has f open, [ErrDamaged] or [ErrClustered] if
// source is no standalone database, [ErrWrongDatabase] if its name is not the one
// given, [ErrDirectoryRefused] if the account is not clear.
func (f DatabaseFile) Replace(ctx context.Context, source *os.File, name string) (err error) {
	if f.Owner.Name == "" {
		if f.Owner, err = AccountOf(f.Path); err != nil {
			return fmt.Errorf("cannot find whose database file %s is: %w", f.Path, err)
		}
	}
	if _, err := source.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if f.Owner.own() {
		return f.replace(ctx, source, source.Name(), name)
	}
	_, err = f.asOwner(ctx, fileRequest{Operation: operationReplace, Source: source.Name(), Name: name}, source)
	return err
}

func (f DatabaseFile) replace(ctx context.Context, from io.Reader, source, name string) error {
	failed := func(err error) error {
		return fmt.Errorf("cannot put %s in the place of database file %s: %w", source, f.Path, err)
	}
	path, err := resolve(f.Path)
	if err != nil {
		return failed(err)
	}
	f.Path = path
	stage, err := openStaging(f)
	if err != nil {
		return failed(err)
	}
	defer stage.close()
	const copied = "replacement"
	if err := copyTo(ctx, from, stage.path(copied)); err != nil {
		return failed(err)
	}
	found, err := readDatabase(ctx, stage.path(copied))
	if err != nil {
		return failed(err)
	}
	if found.name != name {
		return failed(fmt.Errorf("%w: %s instead of %s", ErrWrongDatabase, found.name, name))
	}
	if err := stage.publish(copied, f.Path); err != nil {
		return failed(err)
	}
	return nil
}

// AccountOf returns the account that works on a database file: that of its directory, or, in one of
// root's, that of the file. As root it works only where no other account could lead it elsewhere.
func AccountOf(database string) (Owner, error) {
	found, err := followLinks(database)
	if err != nil || found.owner.UID != 0 {
		return found.owner, err
	}
	file, err := foreignpath.Lstat(found.path)
	switch {
	case err == nil && file.Mode().IsRegular() && ownerOf(file).UID != 0:
		return ownerOf(file), nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return Owner{}, err
	}
	directory, err := foreignpath.Stat(filepath.Dir(found.path))
	if err != nil {
		return Owner{}, err
	}
	if mode := directory.Mode().Perm(); mode&unix.S_IWOTH != 0 || mode&unix.S_IWGRP != 0 && found.owner.GID != 0 {
		return Owner{}, fmt.Errorf("%w: others than root may write to %s", ErrDirectoryRefused, filepath.Dir(found.path))
	}
	return found.owner, nil
}
