// Command images builds the node images of Debian releases, with and without the shells, so
// that tests, demonstration and benchmark find them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"ovndb-servers/integration/cluster"
)

func main() {
	os.Exit(run())
}

// run returns the exit code: 2 for a wrong call, 1 for a failure.
func run() int {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: images RELEASE...")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := build(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		return 1
	}
	return 0
}

// build builds the images one after the other: most of the time goes to a package manager,
// which keeps one core busy.
func build(ctx context.Context, releases []string) error {
	progress := cluster.NewProgress(os.Stdout)
	if err := cluster.EnsureHost(ctx, progress); err != nil {
		return err
	}
	var failures []error
	for _, release := range releases {
		for _, shells := range []bool{false, true} {
			tag, err := cluster.EnsureImage(ctx, cluster.Suite(release), shells, progress)
			if err == nil {
				progress.Printf("there is %s", tag)
			}
			failures = append(failures, err)
		}
	}
	return errors.Join(failures...)
}
