// Command ovndb-servers runs OVN's northbound and southbound database servers
// under Pacemaker, as an OCF resource agent, and shows their replication.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(runUntilSignalled())
}

func runUntilSignalled() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return run(ctx, program{args: os.Args, getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr})
}
