package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"ovndb-servers/pkg/atomicfile"
)

// Take copies a database file and describes the copy. The copy is complete and on disk when Take
// returns; until then it has another name. One that ctx ends is gone on with by the next call while
// the file stays as it is, so that calls that each have little time finish it as well; else it is
// removed if it cannot be finished. Info's Name, Number, Taken, SizeBytes and CutBytes are filled
// in. No other snapshot is removed.
//
// If the newest snapshot of the same database and kind has the same content, none is taken: that
// one is returned, and existed is true.
//
// It takes as long as ctx allows, and memory that does not depend on the file. Two snapshots of one
// database must not be taken at the same time. Errors are [ErrBadName], [ErrNotRegular],
// [ErrNoState], those of ctx and of the file system.
func (d Directory) Take(ctx context.Context, info Info) (kept Info, existed bool, err error) {
	kept, existed, err = d.take(ctx, info)
	if err != nil {
		return Info{}, false, fmt.Errorf("cannot keep a snapshot of %s: %w", info.File, err)
	}
	return kept, existed, nil
}

func (d Directory) take(ctx context.Context, info Info) (kept Info, existed bool, err error) {
	for _, part := range []string{info.Database, info.Why} {
		if !isWord(part) {
			return Info{}, false, fmt.Errorf("%q: %w", part, ErrBadName)
		}
	}
	from, err := openSource(ctx, info.File)
	if err != nil {
		return Info{}, false, err
	}
	defer from.Close() //nolint:errcheck // only read
	root, err := d.create()
	if err != nil {
		return Info{}, false, err
	}
	defer root.Close() //nolint:errcheck // only a directory
	if err := removeUnfinished(root, info.Database, from.unfinished(info.Database)); err != nil {
		return Info{}, false, err
	}
	info.SizeBytes, info.CutBytes = from.complete, from.size-from.complete
	kept, existed, err = keep(ctx, from, root, info)
	return kept, existed, d.advise(err, info.SizeBytes)
}

// keep returns the snapshot that is there already, or takes one.
func keep(ctx context.Context, from source, root *os.Root, info Info) (kept Info, existed bool, err error) {
	before, err := ownSnapshots(root, info.Database)
	if err != nil {
		return Info{}, false, err
	}
	if i := slices.IndexFunc(before, func(b Info) bool { return b.Why == info.Why }); i >= 0 {
		if same, err := isCopy(ctx, from, root, before[i]); same || err != nil {
			return before[i], same, err
		}
	}
	info.Number = 1
	if len(before) > 0 {
		info.Number += before[0].Number
	}
	info.Taken = time.Now().UTC().Truncate(time.Second)
	info.Name = nameOf(info)
	return info, false, write(ctx, from, root, info)
}

// write writes the description first: once the copy has its name, all is there.
func write(ctx context.Context, from source, root *os.Root, info Info) error {
	text, err := json.MarshalIndent(info, "", "  ")
	if err != nil {
		return err
	}
	if err := atomicfile.Write(root, info.Name+infoSuffix, append(text, '\n'), fileMode); err != nil {
		return err
	}
	unfinished := from.unfinished(info.Database)
	err = finish(ctx, from, root, unfinished)
	if err == nil {
		return atomicfile.Rename(root, unfinished, info.Name+copySuffix)
	}
	err = errors.Join(err, root.Remove(info.Name+infoSuffix))
	if ctx.Err() == nil { // as on a full disk
		err = errors.Join(err, root.Remove(unfinished))
	}
	return err
}

// advise adds the remedy to the error of a full disk.
func (d Directory) advise(err error, size int64) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("the disk is full: the copy needs %d bytes in %s: free them, or move snapshots away that are not needed: %w",
			size, d, err)
	}
	return err
}
