package snapshot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"ovndb-servers/pkg/ovsdbfile"
)

const (
	// copyPiece is how much is copied, in bytes, before the deadline is looked at again.
	copyPiece = 8 << 20
	// comparePiece is how much of each of two files is compared at a time, in bytes.
	comparePiece = 256 << 10
)

// source is a database file that is open, of which size bytes were there then. complete is its
// size without an unfinished record at its end: that is no part of the database, and ovsdb-tool
// would refuse the copy for it.
type source struct {
	*os.File

	size, complete int64
	fingerprint    string
}

// openSource opens a database file as [ovsdbfile.Open] does. All that is done with the file is done
// with this descriptor, whatever has its name meanwhile.
func openSource(ctx context.Context, path string) (source, error) {
	file, err := ovsdbfile.Open(path)
	if errors.Is(err, ovsdbfile.ErrRefused) {
		return source{}, fmt.Errorf("%w: %w", ErrNotRegular, err)
	}
	if err != nil {
		return source{}, err
	}
	s := source{File: file}
	info, err := file.Stat()
	if err == nil {
		s.size = info.Size()
		s.complete, err = ovsdbfile.CompleteSize(ctx, file, s.size)
	}
	if err == nil {
		s.fingerprint, err = ovsdbfile.Fingerprint(file)
	}
	if err != nil {
		return source{}, errors.Join(err, file.Close())
	}
	return s, nil
}

// copyTo copies the complete part, from an offset on. [io.CopyN] lets the kernel do it by copy_file_range(2), which
// shares the blocks where the file system can (100 MiB on XFS took 4 KiB), or else reads and writes
// small pieces.
func (s source) copyTo(ctx context.Context, to io.Writer, offset int64) error {
	if _, err := s.Seek(offset, io.SeekStart); err != nil {
		return err
	}
	for left := s.complete - offset; left > 0; {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n, err := io.CopyN(to, s.File, min(left, copyPiece))
		if err != nil {
			return err // also if the file has become shorter
		}
		left -= n
	}
	return nil
}

// isCopy reports whether a snapshot is a copy of the complete part of a file.
func isCopy(ctx context.Context, s source, root *os.Root, snapshot Info) (bool, error) {
	if snapshot.SizeBytes != s.complete {
		return false, nil
	}
	file, _, err := openCopy(root, snapshot.Name)
	if err != nil {
		return false, nil // a copy that cannot be read is a reason to take another one
	}
	defer file.Close() //nolint:errcheck // only read
	here, there := make([]byte, comparePiece), make([]byte, comparePiece)
	for at := int64(0); at < s.complete; at += comparePiece {
		if err := context.Cause(ctx); err != nil {
			return false, err
		}
		n := min(s.complete-at, comparePiece)
		if _, err := s.ReadAt(here[:n], at); err != nil {
			return false, err
		}
		if _, err := file.ReadAt(there[:n], at); err != nil || !bytes.Equal(here[:n], there[:n]) {
			return false, nil
		}
	}
	return true, nil
}
