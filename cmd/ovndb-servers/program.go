package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"

	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/process"
)

// program is the environment of a process.
type program struct {
	args []string
	// path is the program's own path; empty if it is unknown.
	path           string
	getenv         func(string) string
	stdin          *os.File
	stdout, stderr io.Writer
}

// run is main without the process around it; it returns the exit code.
func run(ctx context.Context, p program) int {
	if action, ok := agentAction(p.args); ok {
		return runAgent(ctx, p, action)
	}
	if len(p.args) > 1 && p.args[1] == process.FilesCommand {
		return workOnFiles(ctx, p)
	}
	return runTool(ctx, p)
}

// workOnFiles does what another process of this program wants done as the servers' account.
func workOnFiles(ctx context.Context, p program) int {
	if err := process.RunFilesCommand(ctx, p.args[2:], p.stdin, p.stdout); err != nil {
		_, _ = fmt.Fprintf(p.stderr, "%s: error: %v\n", ocf.AgentName, err)
		return exitDegraded
	}
	return exitHealthy
}

// agentAction reports whether the program was called as the resource agent, and
// for which action: through a link in a folder resource.d/<provider>/, as
// Pacemaker does, or as "ovndb-servers ocf ACTION". It is asked before any
// command-line library sees the arguments.
func agentAction(args []string) (action string, ok bool) {
	if len(args) == 0 {
		return "", false
	}
	rest := args[1:]
	switch {
	case calledAsAgent(args[0]):
	case len(rest) > 0 && rest[0] == "ocf":
		rest = rest[1:]
	default:
		return "", false
	}
	if len(rest) == 0 {
		return "", true
	}
	return rest[0], true
}

func calledAsAgent(path string) bool {
	absolute, err := filepath.Abs(path)
	if err != nil {
		absolute = path
	}
	provider := filepath.Dir(absolute)
	return filepath.Base(filepath.Dir(provider)) == "resource.d"
}

// linkedVersion is set by the build, with the linker's -X.
var linkedVersion string //nolint:gochecknoglobals // the linker sets nothing else

// version is the version that the build recorded: a release's tag or the revision.
func version() string {
	if linkedVersion != "" {
		return linkedVersion
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "unreleased"
	}
	return info.Main.Version
}
