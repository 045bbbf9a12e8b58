package ovsdbfile

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // the format's checksum, not a protection
	"encoding/hex"
	"strconv"
)

const (
	// MaxRecord bounds the length that a header may state, 8 GiB. A resync writes a
	// whole database as one record, hundreds of megabytes in practice, for which the
	// server needs several times its size in memory: a header that states more is
	// damaged. No memory is allocated for a stated length.
	MaxRecord = 8 << 30

	// maxHeader is the size of the buffer that ovsdb/log.c reads a header line into,
	// less the terminating NUL.
	maxHeader = 127

	magicAny        = "OVSDB "
	magicStandalone = "OVSDB JSON "
	magicClustered  = "OVSDB CLUSTER "
)

// header is the first line of a record: "OVSDB JSON <length> <SHA-1 in hex>".
type header struct {
	length int64
	sum    [sha1.Size]byte
}

// parseHeader reads a header line without its newline. Like parse_header in
// ovsdb/log.c it wants exactly one space between words.
func parseHeader(line []byte) (header, error) {
	var h header
	rest, ok := bytes.CutPrefix(line, []byte(magicStandalone))
	if !ok {
		return h, badRecord("bad header: it does not begin with %q", magicStandalone)
	}
	length, sum, ok := bytes.Cut(rest, []byte{' '})
	if !ok {
		return h, badRecord("bad header: no checksum")
	}
	claimed, err := strconv.ParseUint(string(length), 10, 64)
	if err != nil || claimed == 0 {
		return h, badRecord("bad header: length %q", length)
	}
	if claimed > MaxRecord {
		return h, badRecord("bad header: a record of %d bytes, more than %d", claimed, int64(MaxRecord))
	}
	h.length = int64(claimed)
	if len(sum) != hex.EncodedLen(sha1.Size) {
		return h, badRecord("bad header: checksum of %d digits", len(sum))
	}
	if _, err := hex.Decode(h.sum[:], sum); err != nil {
		return h, badRecord("bad header: checksum %q", sum)
	}
	return h, nil
}

// identify returns nil if the first bytes of a file, a header line or a part of one, are
// those of a standalone database, else ErrClustered or ErrNotDatabase.
func identify(start []byte) error {
	switch {
	case bytes.HasPrefix(start, []byte(magicStandalone)):
		return nil
	case bytes.HasPrefix(start, []byte(magicClustered)):
		return ErrClustered
	default:
		return ErrNotDatabase
	}
}
