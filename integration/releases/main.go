// Command releases runs tests on Debian releases: the unit tests that need real servers in a container of
// each release's node image, and a short set of tests on clusters of its nodes. It writes the versions of the
// programs that they ran with, and the results, into a table of a document.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"ovndb-servers/integration/cluster"
)

// options are those of the command line.
type options struct {
	// unit and clusters say which tests are run.
	unit, clusters bool
	// run is a regular expression of the clusters' tests.
	run string
	// unitRun is one of the unit tests, packages one of their packages: pkg/ocf.
	unitRun, packages string
	// binary is the agent's program, for clusters and for those unit tests that run it.
	binary string
	// document is the file with the table; none if empty.
	document string
	// cgroup is the control group of the containers that unit tests run in.
	cgroup   string
	releases []cluster.Suite
}

func main() {
	os.Exit(run())
}

// run returns the exit code: 2 for a wrong call, 1 for a failure.
func run() int {
	var o options
	flag.BoolVar(&o.unit, "unit", false, "run the unit tests that need real servers")
	flag.BoolVar(&o.clusters, "clusters", false, "run tests on clusters")
	flag.StringVar(&o.run, "run", shortSet, "`regexp` of the tests on clusters")
	flag.StringVar(&o.binary, "bin", "bin/ovndb-servers", "the agent's `program`")
	flag.StringVar(&o.unitRun, "unit-run", everything, "`regexp` of the unit tests")
	flag.StringVar(&o.packages, "packages", everything, "`regexp` of the packages whose unit tests are run")
	flag.StringVar(&o.document, "document", "", "`file` with the table of versions to bring up to date")
	flag.StringVar(&o.cgroup, "cgroup-parent", "", "control `group` of the containers of unit tests")
	flag.Parse()
	for _, name := range flag.Args() {
		o.releases = append(o.releases, cluster.Suite(name))
	}
	if len(o.releases) == 0 || !o.unit && !o.clusters {
		fmt.Fprintln(os.Stderr, "usage: releases [-unit] [-clusters] [-document FILE] RELEASE...")
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := o.test(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "releases:", err)
		return 1
	}
	return 0
}

// test tests one release after the other. The table shows failures as well.
func (o options) test(ctx context.Context) error {
	progress := cluster.NewProgress(os.Stdout)
	if err := cluster.EnsureHost(ctx, progress); err != nil {
		return err
	}
	var binaries string
	if o.unit {
		directory, err := os.MkdirTemp("", "ovndb-servers-tests-")
		if err != nil {
			return fmt.Errorf("cannot make a directory for the tests: %w", err)
		}
		defer func() { _ = os.RemoveAll(directory) }()
		if err := o.compile(ctx, directory); err != nil {
			return err
		}
		binaries = directory
	}
	var failures []error
	for _, release := range o.releases {
		line, err := o.testRelease(ctx, release, binaries, progress)
		if err == nil && o.document != "" && !o.partial() {
			err = updateDocument(o.document, line)
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", release, err)
		}
		failures = append(failures, err, line.failure())
	}
	return errors.Join(failures...)
}

// partial reports whether not all unit tests are run: the table has the results of all.
func (o options) partial() bool {
	return o.unit && (o.unitRun != everything || o.packages != everything)
}

// everything is the regular expression of all tests and packages.
const everything = "."

// testRelease returns the line of the table.
func (o options) testRelease(ctx context.Context, release cluster.Suite, binaries string, progress *cluster.Progress) (line, error) {
	image, err := cluster.EnsureImage(ctx, release, false, progress)
	if err != nil {
		return line{}, err
	}
	found := line{Release: string(release), Date: time.Now().UTC().Format(time.DateOnly)}
	if found.Versions, err = versions(ctx, image); err != nil {
		return line{}, err
	}
	if o.unit {
		progress.Printf("%s: unit tests", release)
		result, err := o.unitTests(ctx, release, image, binaries, progress)
		if err != nil {
			return found, err
		}
		found.Unit = &result
	}
	if o.clusters {
		progress.Printf("%s: tests on clusters: %s", release, o.run)
		result, err := o.clusterTests(ctx, release)
		if err != nil {
			return found, err
		}
		found.Clusters = &result
	}
	return found, nil
}
