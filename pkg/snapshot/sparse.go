package snapshot

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
)

// blockUnit is the unit of st_blocks in bytes (stat(2)).
const blockUnit = 512

// sparse reports whether a file has holes, or is compressed. The account of the servers can give its
// file a hole of any size, which takes no space there and must take none here.
func (s source) sparse() bool {
	info, err := s.Stat()
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Blocks*blockUnit < s.size
}

// sparseWriter leaves out zeros, and so holes where there were some. It goes by the bytes that were
// read: lseek(2) has taken data for holes that a process had just written (OpenZFS up to 2.2.1).
type sparseWriter struct{ file *os.File }

// Write implements [io.Writer].
func (w sparseWriter) Write(p []byte) (int, error) {
	if len(p) == 0 || p[0] != 0 || !bytes.Equal(p[1:], p[:len(p)-1]) {
		return w.file.Write(p)
	}
	if _, err := w.file.Seek(int64(len(p)), io.SeekCurrent); err != nil {
		return 0, err
	}
	return len(p), nil
}

// end makes zeros at the end a part of the file.
func (w sparseWriter) end() error {
	at, err := w.file.Seek(0, io.SeekCurrent)
	return errors.Join(err, w.file.Truncate(at))
}
