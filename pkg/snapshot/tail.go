package snapshot

import (
	"context"
	"errors"
	"io"
	"os"

	"ovndb-servers/pkg/ovsdbfile"
)

// cutTail removes from a copy a last record that has no end, and returns how many bytes
// that were: the copy was taken while a server was writing, or the file was cut short.
// Such a record is no part of the database, and ovsdb-tool would refuse the file for it.
// Damage before the end stays as it is: there is more behind it.
func cutTail(ctx context.Context, file *os.File) (cut int64, err error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	whole, err := wholeLength(ctx, file)
	if err != nil || whole == size {
		return 0, err
	}
	return size - whole, file.Truncate(whole)
}

// wholeLength returns the length of a file without an unfinished last record.
func wholeLength(ctx context.Context, file *os.File) (int64, error) {
	size, err := file.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return 0, err
	}
	reader := ovsdbfile.NewReader(file)
	for {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		_, err := reader.Next()
		torn, isTorn := errors.AsType[*ovsdbfile.TornError](err)
		switch {
		case err == nil:
		case isTorn && torn.Incomplete && torn.Offset > 0:
			return torn.Offset, nil
		default:
			return size, nil
		}
	}
}
