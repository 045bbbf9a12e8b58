package ovsdbctl

import (
	"errors"
	"fmt"
)

var (
	// ErrNotListening is returned when the socket does not exist, or no process
	// accepts connections on it, or another one than is meant.
	ErrNotListening = errors.New("not listening")

	// ErrNoAnswer is returned when a process listens, but no complete answer came
	// before the context ended (the error then also is ctx.Err()) or before the
	// server closed the connection (it then also is io.ErrUnexpectedEOF).
	ErrNoAnswer = errors.New("no answer")

	// ErrProtocol is returned when the protocol does not allow the answer, or this
	// package does not accept it: not JSON, of another request, too large, or of an
	// unknown form.
	ErrProtocol = errors.New("protocol violation")

	// ErrTLS is returned when a TLS session cannot be had: a certificate was refused, by this side or
	// by the peer, the versions do not match, or the peer speaks no TLS.
	ErrTLS = errors.New("no TLS session")

	// ErrReadOnly is returned when the server refused a write as "not allowed":
	// it is a backup, or the session came in by a read-only listener.
	ErrReadOnly = errors.New("database is read-only")

	// ErrNotApplied is returned when the server accepted a command, but its status
	// afterwards does not show the effect.
	ErrNotApplied = errors.New("command had no effect")

	// ErrNoGlobal is returned when the database has no global row.
	ErrNoGlobal = errors.New("no global row")

	// ErrNoDatabase is returned when the server does not have the database.
	ErrNoDatabase = errors.New("no such database in the server")

	// ErrIncompatibleSchema is returned when a server cannot replicate an active
	// server because of the schemas of the two.
	ErrIncompatibleSchema = errors.New("schema cannot be replicated")

	// ErrBadArgument is returned for an argument that cannot be sent as given.
	// Nothing has been sent then.
	ErrBadArgument = errors.New("bad argument")
)

// The error codes of transactions that this package interprets: those of RFC 7047, section
// 3.1, and codeNotAllowed of ovsdb/execution.c for a server or session that is read-only.
const (
	codeConstraint = "constraint violation"
	codeTimedOut   = "timed out"
	codeNotAllowed = "not allowed"
)

// CommandError is returned when the server understood a request and answered it with
// an error.
type CommandError struct {
	Socket  string // the control socket, or the endpoint of an OVSDB session
	Method  string // the JSON-RPC method
	Message string // as the server worded it
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

// Is reports whether target is ErrReadOnly and stands for this refusal.
func (e *TransactionError) Is(target error) bool {
	return target == ErrReadOnly && e.Code == codeNotAllowed
}
