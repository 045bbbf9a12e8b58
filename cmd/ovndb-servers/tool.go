package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/printable"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/snapshot"
)

// The exit codes of the tool.
const (
	exitHealthy    = 0
	exitWrong      = 1
	exitUsage      = 2
	exitNotRunning = 3
	exitUnknown    = 4
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

func runTool(ctx context.Context, p program) int {
	root := newRootCommand(p)
	root.SetArgs(p.args[1:])
	stdout, stderr := printable.Writer(p.stdout), printable.Writer(p.stderr)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitHealthy
	}
	exit := new(exitError)
	if !errors.As(err, &exit) {
		exit = &exitError{code: exitUsage, err: err}
	}
	if exit.err != nil {
		_, _ = fmt.Fprintf(stderr, "%s: error: %v\n", ocf.AgentName, exit.err)
	}
	return exit.code
}

// exitCodeOf is the exit code of a command about snapshots that ended with err.
func exitCodeOf(err error) int {
	switch {
	case errors.Is(err, snapshot.ErrNoSnapshot):
		return exitUsage
	case errors.Is(err, ovsdbctl.ErrNotListening):
		return exitNotRunning
	case errors.Is(err, control.ErrRunning), errors.Is(err, process.ErrInUse):
		return exitWrong
	default:
		return exitUnknown
	}
}

func newRootCommand(p program) *cobra.Command {
	root := &cobra.Command{
		Use:   ocf.AgentName,
		Short: "Show and repair the replication of OVN's databases under Pacemaker",
		Long: `ovndb-servers shows the replication of OVN's northbound and southbound
databases, keeps and restores snapshots, and lets an operator decide which data
leads. The same program is the OCF resource agent that runs the
servers under Pacemaker: called through a link in resource.d/<provider>/, or as
"ovndb-servers ocf ACTION".`,
		Version:       version(),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.AddCommand(newStatusCommand(), newSnapshotsCommand(), newVerifyCommand(p), newBlessCommand(), newSuperviseCommand(p))
	return root
}
