// Command ovndb-servers runs OVN's northbound and southbound database servers
// under Pacemaker, as an OCF resource agent, and shows their replication.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"ovndb-servers/pkg/process"
)

func main() {
	os.Exit(runUntilSignalled())
}

func runUntilSignalled() int {
	// A crash ends by SIGABRT, after which Pacemaker tries again. Otherwise the runtime exits with 2, which is
	// OCF_ERR_ARGS: Pacemaker bans the node for it until a person cleans up.
	debug.SetTraceback("crash")
	process.RefuseCoreDumps() // its memory holds rows of clients, and keys for TLS
	ctx := context.Background()
	if action, _ := agentAction(os.Args); action != monitorAction {
		var stop func()
		ctx, stop = signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
		defer stop()
	}
	path, _ := os.Executable() // without it, no supervisor is started
	return run(ctx, program{args: os.Args, path: path, getenv: os.Getenv, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr})
}
