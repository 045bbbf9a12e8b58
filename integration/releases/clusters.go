package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec" //nolint:depguard // go test is run; pkg/process is for daemons.
	"path/filepath"

	"ovndb-servers/integration/cluster"
)

// shortSet are a bring-up, the death of a server, a planned move under writers, and an active that freezes.
const shortSet = "^(TestBringUp|TestServerOfActiveKilled|TestSafetyStandbyUnderWriters|TestSafetyFrozenActiveReturns)$"

// clusterTests runs tests on clusters of a release, as make suite-RELEASE does.
func (o options) clusterTests(ctx context.Context, release cluster.Suite) (count, error) {
	binary, err := filepath.Abs(o.binary)
	if err != nil {
		return count{}, fmt.Errorf("cannot find the agent: %w", err)
	}
	var output bytes.Buffer
	command := exec.CommandContext(ctx, "go", "test", "-tags", "integration", "-short", "-count", "1", "-timeout", "60m", "-run", o.run, "-v", "./integration")
	command.Env = append(os.Environ(), "SUITE="+string(release), "OVNDB_SERVERS_BIN="+binary)
	command.Stdout, command.Stderr = io.MultiWriter(os.Stdout, &output), os.Stderr
	// The tests remove their clusters when they are asked to end.
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	err = command.Run()
	of := countResults(output.String())
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && (!ended || ctx.Err() != nil) {
		return of, fmt.Errorf("cannot run the tests on clusters: %w", errors.Join(err, context.Cause(ctx)))
	}
	if err != nil && len(of.Failed) == 0 {
		of.Failed = append(of.Failed, "bring-up")
	}
	return of, nil
}
