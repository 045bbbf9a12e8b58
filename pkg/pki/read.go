package pki

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/foreignpath"
)

// maxFile bounds a file, in bytes. A bundle of all authorities of the web has some 200 KiB.
const maxFile = 1 << 20

// read returns the content of a regular file. The process may be root, and the file in a directory
// of another account: nothing else than a regular file is opened, as a device may act on that, and
// no error shows its content.
func read(path string, secret bool) ([]byte, error) {
	opened, err := foreignpath.OpenFile(path, unix.O_PATH)
	if err != nil {
		return nil, fmt.Errorf("%w: %w (see: ls -lL %s)", ErrRefused, errors.Unwrap(err), path)
	}
	defer opened.Close() //nolint:errcheck // only read
	place := int(opened.Fd())
	if err := check(place, path, secret); err != nil {
		return nil, err
	}
	file, err := os.Open("/proc/self/fd/" + strconv.Itoa(place))
	if err != nil {
		return nil, fmt.Errorf("%w: %w (see: ls -lL %s)", ErrRefused, err, path)
	}
	defer file.Close() //nolint:errcheck // only read
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	case len(content) > maxFile:
		return nil, fmt.Errorf("%w: it is larger than %d bytes", ErrRefused, maxFile)
	}
	return content, nil
}

func check(place int, path string, secret bool) error {
	var found unix.Stat_t
	if err := unix.Fstat(place, &found); err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	switch {
	case found.Mode&unix.S_IFMT != unix.S_IFREG:
		return fmt.Errorf("%w: it is no regular file (see: ls -lL %s)", ErrRefused, path)
	case secret && found.Mode&0o007 != 0:
		return fmt.Errorf("%w: every user may read or change it (mend it with: chmod o-rwx %s)", ErrRefused, path)
	case found.Mode&0o002 != 0:
		return fmt.Errorf("%w: every user may change it (mend it with: chmod o-w %s)", ErrRefused, path)
	}
	return nil
}
