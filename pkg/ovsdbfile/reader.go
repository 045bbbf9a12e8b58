package ovsdbfile

import "io"

// Record is one record of a database file: a JSON object whose checksum is right.
type Record struct {
	Offset int64  // of the record's header line in the file, in bytes
	JSON   []byte // with its trailing newline
}

// Reader reads a database file record by record. It is not safe for concurrent use.
type Reader struct {
	log *log
}

// NewReader returns a Reader of the log that r begins with. If r has a name, as *os.File
// has, errors mention it.
func NewReader(r io.Reader) *Reader {
	path := ""
	if named, ok := r.(interface{ Name() string }); ok {
		path = named.Name()
	}
	return &Reader{log: newLog(r, path)}
}

// Next returns the next record: the schema first, then transactions. It checks their
// checksums and that they are JSON objects, but not their content.
//
// The error is io.EOF after the last record; a *[TornError] (ErrTorn) if the next bytes are
// not a record; [ErrNotDatabase] or [ErrClustered] in place of the first one; else the
// reader's. It is final.
//
// The whole record is held in memory, up to [MaxRecord] bytes, but never more than has
// been read. The caller owns it.
func (r *Reader) Next() (Record, error) {
	record := Record{Offset: r.log.size}
	err := r.log.read(func(s *scanner) error {
		original := s.more
		defer func() { s.more = original }()
		s.more = func() ([]byte, error) {
			piece, err := original()
			record.JSON = append(record.JSON, piece...)
			return piece, err
		}
		if err := s.skipObject(); err != nil {
			return err
		}
		return s.finish() // while the pieces are kept
	}, nil)
	if err != nil {
		return Record{}, err
	}
	return record, nil
}
