package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// databaseMode is the mode Open vSwitch gives a database file under the usual
// umask.
const databaseMode = 0o640

// workshop is a directory beside a database file in which its successor is
// made, while the database file is locked. Only finished files leave it.
type workshop struct {
	database  DatabaseFile
	directory string
	release   func()
}

// openWorkshop locks the database file and clears what a crash left of earlier
// workshops.
func openWorkshop(database DatabaseFile) (*workshop, error) {
	release, err := lockDatabase(database.Path)
	if err != nil {
		return nil, err
	}
	directory, name := filepath.Split(database.Path)
	prefix := "." + name + ".work-"
	leftovers, err := filesWithPrefix(directory, prefix)
	for _, leftover := range leftovers {
		err = errors.Join(err, os.RemoveAll(leftover))
	}
	if err == nil {
		directory, err = os.MkdirTemp(directory, prefix)
	}
	if err != nil {
		release()
		return nil, err
	}
	return &workshop{database: database, directory: directory, release: release}, nil
}

func filesWithPrefix(directory, prefix string) ([]string, error) {
	entries, err := os.ReadDir(directory)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), prefix) {
			paths = append(paths, filepath.Join(directory, entry.Name()))
		}
	}
	return paths, nil
}

func (w *workshop) close() {
	_ = os.RemoveAll(w.directory) // the next one tries again
	w.release()
}

func (w *workshop) path(name string) string { return filepath.Join(w.directory, name) }

// publish puts a finished file in its place, on disk before and after.
func (w *workshop) publish(finished, path string) error {
	if err := w.finish(finished); err != nil {
		return err
	}
	if err := os.Rename(finished, path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(path))
}

// finish gives a file its mode and owner and writes it to disk.
func (w *workshop) finish(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	uid, gid := w.database.Owner.ids()
	return errors.Join(file.Chmod(databaseMode), file.Chown(uid, gid), file.Sync(), file.Close())
}

// convert converts a compacted copy. Compaction comes first because the old
// schema may not have collected garbage: replayed under the new schema, a row
// whose first reference comes in a later transaction would be dropped
// (upgrade_db in Open vSwitch's utilities/ovs-lib.in). Like there, its failure
// is no obstacle.
func (w *workshop) convert(ctx context.Context) (string, error) {
	source, converted := w.path("compacted"), w.path("converted")
	if _, err := tool(ctx, "compact", w.database.Path, source); err != nil {
		failure, ok := errors.AsType[*RunError](err)
		if !ok || failure.ExitCode <= 0 {
			return "", err
		}
		source = w.database.Path
	}
	_, err := tool(ctx, "convert", source, w.database.Schema, converted)
	return converted, err
}

// backup copies the database file to ovs-lib's name for a copy. One of that
// name that is there already is taken if it is the same, and else left alone:
// the copy gets another number at its end.
func (w *workshop) backup(ctx context.Context, file contents) (string, error) {
	checksum, _, _ := strings.Cut(file.checksum, " ")
	base := fmt.Sprintf("%s.backup%s-%s", w.database.Path, file.version, checksum)
	name := base
	for number := 1; ; number++ {
		found, err := exists(name)
		if err != nil {
			return "", fmt.Errorf("cannot back up: %w", err)
		}
		if !found {
			break
		}
		if same, err := sameContent(ctx, w.database.Path, name); same || err != nil {
			return name, err
		}
		name = base + "." + strconv.Itoa(number)
	}
	copied := w.path("backup")
	if err := copyFile(ctx, w.database.Path, copied); err != nil {
		return "", fmt.Errorf("cannot back up to %s: %w", name, err)
	}
	if err := w.publish(copied, name); err != nil {
		return "", fmt.Errorf("cannot back up to %s: %w", name, err)
	}
	return name, nil
}
