package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Replace puts a copy of another database file in the place of f, which may be
// missing, but must not be in use. Until the copy is complete and on disk, f stays
// as it is. Without an Owner, the copy belongs to whom f belonged, or else its
// directory. The Schema is not needed: the next [DatabaseFile.Ensure] upgrades.
//
// It returns [ErrInUse] if a server has f open, [ErrDamaged] or [ErrClustered] if
// source is no standalone database, [ErrWrongDatabase] if its name is not the one
// given.
func (f DatabaseFile) Replace(ctx context.Context, source, name string) error {
	found, err := readDatabase(ctx, source)
	if err != nil {
		return err
	}
	if found.name != name {
		return fmt.Errorf("cannot use database file %s: %w: %s instead of %s", source, ErrWrongDatabase, found.name, name)
	}
	if err := f.replace(ctx, source); err != nil {
		return fmt.Errorf("cannot put %s in the place of database file %s: %w", source, f.Path, err)
	}
	return nil
}

func (f DatabaseFile) replace(ctx context.Context, source string) error {
	path, err := resolve(f.Path)
	if err != nil {
		return err
	}
	f.Path = path
	if f.Owner.Name == "" {
		if f.Owner, err = ownerAt(path); err != nil {
			return err
		}
	}
	stage, err := openStaging(f)
	if err != nil {
		return err
	}
	defer stage.close()
	const copied = "replacement"
	if err := copyFile(ctx, source, stage.path(copied)); err != nil {
		return err
	}
	return stage.publish(copied, f.Path)
}

// ownerAt is whose a file is, or the directory if the file is missing.
func ownerAt(path string) (Owner, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return Owner{}, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return Owner{}, nil
	}
	uid, gid := int(stat.Uid), int(stat.Gid)
	return Owner{Name: strconv.Itoa(uid) + ":" + strconv.Itoa(gid), UID: uid, GID: gid}, nil
}
