// Command torture runs a Pacemaker cluster in containers under writers, causes faults that a
// seed has drawn, heals them, waits without a person's help, and accounts for every row that
// was acknowledged. See docs/torture.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(execute()) //nolint:forbidigo // main alone ends the program
}

// execute returns the exit code: 2 for a wrong call, 1 for a failure, 3 for a run in which
// nothing was lost but writes were away for too long.
func execute() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	options, err := parseOptions(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	switch err := options.run(ctx, os.Stdout); {
	case errors.Is(err, errSuspicious):
		fmt.Fprintln(os.Stderr, "torture:", err)
		return 3
	case err != nil:
		fmt.Fprintln(os.Stderr, "torture:", err)
		return 1
	}
	return 0
}
