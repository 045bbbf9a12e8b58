package snapshot

import (
	"context"
	"errors"
	"io"
	"os"

	"ovndb-servers/pkg/ovsdbfile"
)

// cutTail removes from a copy of that size a last record that has no end, and returns how
// many bytes that were: the copy was taken while a server was writing, or the file was cut
// short. Such a record is no part of the database, and ovsdb-tool would refuse the file
// for it. Damage before the end stays as it is: records follow it.
func cutTail(ctx context.Context, file *os.File, size int64) (cut int64, err error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return 0, err
	}
	reader := ovsdbfile.NewReader(file)
	for err == nil {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		_, err = reader.Next()
	}
	torn, isTorn := errors.AsType[*ovsdbfile.TornError](err)
	if !isTorn || !torn.Incomplete || torn.Offset == 0 {
		return 0, nil // the whole file is kept
	}
	return size - torn.Offset, file.Truncate(torn.Offset)
}
