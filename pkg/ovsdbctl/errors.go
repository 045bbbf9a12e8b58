package ovsdbctl

import (
	"errors"
	"fmt"
)

var (
	// ErrNotListening is returned when the socket does not exist or nobody
	// accepts connections on it.
	ErrNotListening = errors.New("nobody listens")

	// ErrNoAnswer is returned when something listens, but no complete answer
	// came: before the context ended (the error then also is ctx.Err()), or
	// before the server closed the connection (it then also is
	// io.ErrUnexpectedEOF).
	ErrNoAnswer = errors.New("no answer")

	// ErrProtocol is returned when the answer is not one that the protocol
	// allows: not JSON, of another request, too large, or of an unknown form.
	ErrProtocol = errors.New("protocol violation")

	// ErrReadOnly is returned when the server refused a write as "not allowed":
	// it is a backup, or the session came in by a read-only listener.
	ErrReadOnly = errors.New("database is read-only")

	// ErrNotApplied is returned when the server accepted a command, but does not
	// report its effect afterwards.
	ErrNotApplied = errors.New("command had no effect")

	// ErrNoGlobal is returned when the database has no global row.
	ErrNoGlobal = errors.New("no global row")

	// ErrNoDatabase is returned when the server reports on its databases, but not
	// on the one asked for.
	ErrNoDatabase = errors.New("no such database in the server")

	// ErrBadArgument is returned, before anything is sent, when an argument cannot
	// be sent as given.
	ErrBadArgument = errors.New("bad argument")
)

// The error codes of RFC 7047, section 3.1, and of ovsdb/execution.c that have a
// meaning to this package.
const (
	codeNotAllowed = "not allowed"
	codeConstraint = "constraint violation"
	codeTimedOut   = "timed out"
)

// CommandError is returned when the server understood a request and answered it with
// an error.
type CommandError struct {
	Socket  string // the control socket, or the endpoint of an OVSDB session
	Method  string // the JSON-RPC method
	Message string // the server's words
}

// Error implements error.
func (e *CommandError) Error() string {
	return fmt.Sprintf("cannot run %s on %s: server answered: %s", e.Method, e.Socket, e.Message)
}

// TransactionError is returned when the server refused an operation of an OVSDB
// transaction, and so the whole of it. It is ErrReadOnly if the reason is that the
// database cannot be written.
type TransactionError struct {
	Endpoint string
	Database string
	Code     string // as in RFC 7047, section 3.1: "constraint violation", "timed out", ...
	Details  string // the server's explanation, may be empty
}

// Error implements error.
func (e *TransactionError) Error() string {
	text := fmt.Sprintf("%s on %s refused the transaction: %s", e.Database, e.Endpoint, e.Code)
	if e.Details != "" {
		text += " (" + e.Details + ")"
	}
	return text
}

// Is reports whether the refusal is the one that target stands for.
func (e *TransactionError) Is(target error) bool {
	return target == ErrReadOnly && e.Code == codeNotAllowed
}
