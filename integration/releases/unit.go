package main

import (
	"context"
	"fmt"
	"os"
	"os/exec" //nolint:depguard // The tests are compiled here; pkg/process is for daemons.
	"path/filepath"
	"regexp"
	"time"

	"ovndb-servers/integration/cluster"
)

const (
	// unitTimeout bounds the tests of one package.
	unitTimeout = 30 * time.Minute
	// versionTimeout bounds a question for a version.
	versionTimeout = time.Minute
)

// packages are those whose tests start real servers.
func packages() []string {
	return []string{"ovsdbctl", "ovsdbfile", "process", "snapshot", "verify", "control", "supervisor"}
}

// compile makes static programs of the packages' tests: releases have C libraries of their own.
func compile(ctx context.Context, directory string) error {
	args := []string{"test", "-c", "-o", directory + "/"}
	for _, name := range packages() {
		args = append(args, "./pkg/"+name)
	}
	command := exec.CommandContext(ctx, "go", args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("cannot compile the tests: %w", err)
	}
	return nil
}

// unitTests runs the tests of all packages, each in its own directory, as go test does.
func unitTests(ctx context.Context, once cluster.Once, binaries string, progress *cluster.Progress) (count, error) {
	root, err := os.Getwd()
	if err != nil {
		return count{}, fmt.Errorf("cannot find the sources: %w", err)
	}
	once.Directories = []string{root, binaries}
	var all count
	for _, name := range packages() {
		once.WorkDir = filepath.Join(root, "pkg", name)
		ctx, cancel := context.WithTimeout(ctx, unitTimeout+time.Minute)
		result, err := once.Run(ctx, filepath.Join(binaries, name+".test"), "-test.v", "-test.timeout="+unitTimeout.String())
		cancel()
		if err != nil {
			return all, err
		}
		of := countResults(result.Stdout)
		if result.Code != 0 && len(of.Failed) == 0 { // a panic, or the timeout
			of.Failed = append(of.Failed, "package "+name)
		}
		if len(of.Failed) > 0 {
			progress.Printf("%s", result.Stdout+result.Stderr)
		}
		progress.Printf("pkg/%s: %s", name, of)
		for _, reason := range of.Reasons {
			progress.Printf("  skipped: %s", reason)
		}
		all.add(of)
	}
	return all, nil
}

// versions asks the programs of an image.
func versions(ctx context.Context, image string) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	var found []string
	for _, command := range [][]string{
		{"ovsdb-server", "--version"}, {"ovn-nbctl", "--version"}, {"pacemakerd", "--version"}, {"corosync", "-v"},
	} {
		result, err := cluster.Once{Image: image}.Run(ctx, command...)
		if err != nil {
			return nil, err
		}
		version := versionIn(result.Stdout)
		if version == "" { // OVN on bullseye, see integration/node/Dockerfile.bullseye
			version = "not in Debian: schemas of bookworm"
		}
		found = append(found, version)
	}
	return found, nil
}

// versionIn returns the first number with three parts in what a program prints of itself, empty if there is
// none.
func versionIn(text string) string { return regexp.MustCompile(`\d+\.\d+\.\d+`).FindString(text) }
