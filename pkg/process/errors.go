package process

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNotRunning is returned when no live process holds a pidfile, or when
	// a process that was asked about does not exist.
	ErrNotRunning = errors.New("not running")

	// ErrDamaged is returned when a database file cannot be read as an OVSDB
	// file.
	ErrDamaged = errors.New("damaged database file")

	// ErrClustered is returned when a database file belongs to a RAFT cluster
	// and so cannot be served in active-backup mode.
	ErrClustered = errors.New("database file of a RAFT cluster")

	// ErrWrongDatabase is returned when a database file holds another database
	// than the one its schema describes.
	ErrWrongDatabase = errors.New("file holds another database")

	// ErrInUse is returned when another process has a database file open that
	// would have to be created or converted.
	ErrInUse = errors.New("database file is in use")

	// ErrSchemaMissing is returned when there is no schema file where OVN's
	// packages put it: ovn-central, on Debian and on Fedora.
	ErrSchemaMissing = errors.New("schema file is missing, which OVN's package ovn-central brings")

	// ErrProgramMissing is returned when a program is not installed.
	ErrProgramMissing = errors.New("program is not installed")

	// ErrAmbiguousLayout is returned when OVN's databases lie in both of the
	// directories where its packages put them.
	ErrAmbiguousLayout = errors.New("databases in two directories")
)

// RunError is returned when a program was started, or should have been, and
// did not succeed.
type RunError struct {
	Program string   // as given by the caller
	Args    []string // without the program's name

	// ExitCode is the exit status, or -1 if the program did not exit by
	// itself: it was not started, was killed, or ran out of time.
	ExitCode int

	Stderr string // its standard error, without surrounding space
	Err    error  // the cause; the context's if that ended
}

// Error names the program, the cause, and the program's messages.
func (e *RunError) Error() string {
	text := "cannot run " + e.Program
	if command := e.command(); command != "" {
		text += " " + command
	}
	text += fmt.Sprintf(": %v", e.Err)
	if e.Stderr != "" {
		text += ": " + strings.Join(strings.Fields(e.Stderr), " ")
	}
	return text
}

// command is the first argument that is not an option.
func (e *RunError) command() string {
	for _, arg := range e.Args {
		if !strings.HasPrefix(arg, "-") {
			return arg
		}
	}
	return ""
}

// Unwrap returns the cause.
func (e *RunError) Unwrap() error { return e.Err }
