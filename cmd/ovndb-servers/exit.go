package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbfile"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/snapshot"
	"ovndb-servers/pkg/verify"
)

// The exit codes of the tool, the same for all its commands and formats. Those up to 3 are the
// convention of monitoring plug-ins, the others are Pacemaker's of the same meaning (crm_error).
const (
	// exitHealthy means that all is well, that a command has done its work, or that copies are the
	// same.
	exitHealthy = 0
	// exitDegraded means that something is wrong and clients are served, that copies differ, or that
	// a command was refused or has failed.
	exitDegraded = 1
	// exitCritical means that no node, or more than one, is active.
	exitCritical = 2
	// exitUnknown means that the answer could not be found out.
	exitUnknown = 3
	// exitNoPermission means that the caller may not ask: CRM_EX_INSUFFICIENT_PRIV.
	exitNoPermission = 4
	// exitUsage means that the command was not called as it has to be: CRM_EX_USAGE.
	exitUsage = 64
	// exitNoSuch means that what was named does not exist: CRM_EX_NOSUCH.
	exitNoSuch = 105
	// exitUnconfirmed means that --yes is missing: CRM_EX_UNSAFE.
	exitUnconfirmed = 107
)

// exitText explains the codes in the help of the tool.
const exitText = `Exit codes of all commands: 0 healthy, done, or the same; 1 degraded, refused, or
different; 2 critical: no node is active, or more than one; 3 unknown: it could not be
found out; 4 no permission; 64 wrong usage; 105 what was named does not exist; 107 not
done, because --yes is missing.`

var (
	// errNotConfirmed is returned when a command that changes data lacks --yes.
	errNotConfirmed = errors.New("nothing was done: to do it, add --yes")
	// errUsage is returned for a call that cannot be understood.
	errUsage = errors.New("wrong usage")
	// errNoSuch is matched by the errors of noSuch.
	errNoSuch = errors.New("no such thing")
	// errNoPermission is returned when the caller may not read what the answer depends on.
	errNoPermission = errors.New("no permission")
)

// exitError ends the tool with a code of its own. It carries no error if the printed result is
// enough.
type exitError struct {
	code int
	err  error
}

// Error implements error.
func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

// Unwrap returns the cause, if there is one.
func (e *exitError) Unwrap() error { return e.err }

// codeOf is the exit code of a command that ended with err.
func codeOf(err error) int {
	if err == nil {
		return exitHealthy
	}
	if exit := new(exitError); errors.As(err, &exit) {
		return exit.code
	}
	for _, known := range codes() {
		if slices.ContainsFunc(known.errs, func(target error) bool { return errors.Is(err, target) }) {
			return known.code
		}
	}
	return exitUnknown
}

// errorCode is the exit code of some errors.
type errorCode struct {
	code int
	errs []error
}

// codes are the exit codes of errors. The first one counts.
func codes() []errorCode {
	return []errorCode{
		{exitUnknown, []error{ovsdbctl.ErrNotListening}}, // also where the socket does not exist
		{exitUnconfirmed, []error{errNotConfirmed}},
		{exitUsage, []error{
			errUsage, errWhichResource, verify.ErrAddress, verify.ErrWhichDatabase, ovsdbctl.ErrBadArgument, ovsdbfile.ErrNoUUID,
		}},
		{exitNoPermission, []error{errNoPermission, fs.ErrPermission}},
		{exitNoSuch, []error{errNoSuch, fs.ErrNotExist, snapshot.ErrNoSnapshot}},
	}
}

// refused is an error of a command that was understood and not carried out.
func refused(err error) error {
	if code := codeOf(err); code == exitNoPermission || code == exitNoSuch {
		return err
	}
	return &exitError{code: exitDegraded, err: err}
}

// usage is an error about how a command was called.
func usage(format string, args ...any) error {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// noSuchError says that something that was named does not exist.
type noSuchError struct{ text string }

// Error implements error.
func (e *noSuchError) Error() string { return e.text }

// Is makes it an errNoSuch, whose words would say the same again.
func (e *noSuchError) Is(target error) bool { return target == errNoSuch }

// noSuch is an error about something that was named and does not exist.
func noSuch(format string, args ...any) error { return &noSuchError{fmt.Sprintf(format, args...)} }

// message is an error for a person. A program that is not installed is all that there is to say of what was
// tried without it.
func message(err error) string {
	if missing := new(process.MissingProgramError); errors.As(err, &missing) {
		return fmt.Sprintf("%s is not installed; on Debian: apt-get install %s", filepath.Base(missing.Name), packageOf(missing.Name))
	}
	return err.Error()
}

// packageOf returns the package of Debian that has a program.
func packageOf(program string) string {
	switch name := filepath.Base(program); name {
	case "corosync-cmapctl":
		return "corosync"
	case "ovsdb-server", "ovsdb-tool":
		return "openvswitch-common"
	case "ovn-northd":
		return "ovn-central"
	default: // of Pacemaker, as all others that are run
		return "pacemaker-cli-utils"
	}
}

// hintFor returns the next step after an error; empty if there is none to name, or the message has it.
func hintFor(err error) string {
	if codeOf(err) == exitNoPermission {
		return "run it as root"
	}
	return ""
}
