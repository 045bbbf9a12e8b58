package ovsdbfile

import (
	"errors"
	"fmt"
)

var (
	// ErrNotDatabase is returned when there is no OVSDB log at all: the file is empty,
	// begins with something else, or is not a regular file.
	ErrNotDatabase = errors.New("not an OVSDB database file")

	// ErrClustered is returned for the database file of a member of a Raft cluster.
	ErrClustered = errors.New("a clustered OVSDB database file, not a standalone one")

	// ErrTorn is matched by every [TornError].
	ErrTorn = errors.New("torn OVSDB database file")
)

// TornError is the place from which a database file is not valid, and the reason. It is
// ErrTorn.
type TornError struct {
	Path string // may be empty

	// Offset is where the first record begins that cannot be read, in bytes. The
	// records before it are good.
	Offset int64

	// Reason is text for people: "short header", "SHA-1 mismatch", ...
	Reason string

	// Incomplete is set if the file ends inside the record and more bytes may make it
	// a good one: its writer has not written them yet, or never will.
	Incomplete bool
}

// Error implements error.
func (e *TornError) Error() string {
	name := "database file"
	if e.Path != "" {
		name += " " + e.Path
	}
	return fmt.Sprintf("cannot read %s from byte %d: %s", name, e.Offset, e.Reason)
}

// Unwrap returns ErrTorn.
func (e *TornError) Unwrap() error { return ErrTorn }

// recordError is the reason why a record cannot be read. It becomes a TornError once the
// record's place is known.
type recordError struct {
	reason     string
	incomplete bool
}

func (e *recordError) Error() string { return e.reason }

func badRecord(format string, args ...any) error {
	return &recordError{reason: fmt.Sprintf(format, args...)}
}
