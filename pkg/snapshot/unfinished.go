package snapshot

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"ovndb-servers/pkg/atomicfile"
)

// unfinished returns the name of the unfinished copy of a database's file as it is now: of another
// content, or begun before a reboot that may have lost a part of it, the copy has another name.
func (s source) unfinished(database string) string {
	return database + "." + s.fingerprint + atomicfile.Suffix
}

// finish copies a file, or the rest of it after an earlier attempt, and has the copy written to
// the disk.
func finish(ctx context.Context, from source, root *os.Root, name string) error {
	to, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	there, err := to.Seek(0, io.SeekEnd)
	if err == nil && from.sparse() {
		writer := sparseWriter{file: to}
		err = errors.Join(from.copyTo(ctx, writer, there), writer.end())
	} else if err == nil {
		err = from.copyTo(ctx, to, there)
	}
	if err == nil {
		err = errors.Join(to.Chmod(fileMode), to.Sync())
	}
	return errors.Join(err, to.Close())
}

// removeUnfinished removes the files that earlier attempts left of snapshots of a database:
// unfinished copies but for one, and descriptions without a copy.
func removeUnfinished(root *os.Root, database, but string) error {
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		return err
	}
	names := make([]string, len(entries)) // sorted
	for i, e := range entries {
		names[i] = e.Name()
	}
	for _, name := range names {
		if !strings.HasPrefix(name, database+".") || name == but {
			continue
		}
		described, isInfo := strings.CutSuffix(name, infoSuffix)
		_, hasCopy := slices.BinarySearch(names, described+copySuffix)
		if isInfo && !hasCopy || strings.HasSuffix(name, atomicfile.Suffix) {
			err = errors.Join(err, root.Remove(name))
		}
	}
	return err
}
