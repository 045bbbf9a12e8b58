package main

import (
	"context"
	_ "embed" // for the Dockerfile
	"errors"
	"fmt"
	"os"
	"os/exec" //nolint:depguard // The tests are compiled here; pkg/process is for daemons.
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"ovndb-servers/integration/cluster"
)

const (
	// unitTimeout bounds the tests of one package.
	unitTimeout = 30 * time.Minute
	// versionTimeout bounds a question for a version.
	versionTimeout = time.Minute
	// programVariable names the agent's program to tests, which build it otherwise.
	programVariable = "OVNDB_SERVERS_BIN"
)

// dockerfile is that of the image of unit tests, on a node's.
//
//go:embed Dockerfile
var dockerfile string

// unitPackages are those whose tests start real servers, or depend on the release otherwise.
func unitPackages() []string {
	return []string{
		"pkg/ovsdbctl", "pkg/ovsdbfile", "pkg/process", "pkg/snapshot", "pkg/verify", "pkg/control", "pkg/supervisor", "pkg/ocf", "cmd/ovndb-servers",
	}
}

// chosen returns the packages that are tested.
func (o options) chosen() ([]string, error) {
	wanted, err := regexp.Compile(o.packages)
	if err != nil {
		return nil, fmt.Errorf("cannot choose packages: %w", err)
	}
	packages := slices.DeleteFunc(unitPackages(), func(name string) bool { return !wanted.MatchString(name) })
	if len(packages) == 0 {
		return nil, fmt.Errorf("%w %q; there are %s", errNoPackage, o.packages, strings.Join(unitPackages(), ", "))
	}
	return packages, nil
}

// errNoPackage is returned when none is chosen.
var errNoPackage = errors.New("no package is named as")

// compile makes static programs of the packages' tests: releases have C libraries of their own. The agent's program is
// put beside them, as there is no Go in the containers.
func (o options) compile(ctx context.Context, directory string) error {
	packages, err := o.chosen()
	if err != nil {
		return err
	}
	args := []string{"test", "-c", "-o", directory + "/"}
	for _, name := range packages {
		args = append(args, "./"+name)
	}
	command := exec.CommandContext(ctx, "go", args...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		return fmt.Errorf("cannot compile the tests: %w", err)
	}
	program, err := os.ReadFile(o.binary)
	if err == nil {
		err = os.WriteFile(filepath.Join(directory, "ovndb-servers"), program, 0o755) // other accounts run it
	}
	if err != nil {
		return fmt.Errorf("cannot copy the agent's program: %w", err)
	}
	return nil
}

// unitTests runs the tests of all packages, each in its own directory, as go test does.
func (o options) unitTests(ctx context.Context, release cluster.Suite, node, binaries string, progress *cluster.Progress) (count, error) {
	packages, err := o.chosen()
	if err != nil {
		return count{}, err
	}
	once, root, err := o.container(ctx, release, node, binaries, progress)
	if err != nil {
		return count{}, err
	}
	var all count
	for _, name := range packages {
		once.WorkDir = filepath.Join(root, name)
		of, err := o.testPackage(ctx, once, filepath.Join(binaries, path.Base(name)+".test"), progress)
		if err != nil {
			return all, err
		}
		progress.Printf("%s: %s", name, of)
		for _, reason := range of.Reasons {
			progress.Printf("  skipped: %s", reason)
		}
		all.add(of)
	}
	return all, nil
}

// container returns the container of unit tests: with the sources, the programs, and the schemas that tools/deps has
// unpacked, which are in no package of the image.
func (o options) container(ctx context.Context, release cluster.Suite, node, binaries string, progress *cluster.Progress) (once cluster.Once, root string, err error) {
	image, err := cluster.EnsureDerived(ctx, release, "tests", node, dockerfile, progress)
	if err != nil {
		return once, "", err
	}
	if root, err = os.Getwd(); err != nil {
		return once, "", fmt.Errorf("cannot find the sources: %w", err)
	}
	once = cluster.Once{
		Image: image, CgroupParent: o.cgroup, Directories: []string{root, binaries},
		Env: []string{programVariable + "=" + filepath.Join(binaries, "ovndb-servers")},
	}
	if cache, err := os.UserCacheDir(); err == nil {
		schemas := filepath.Join(cache, "ovndb-servers", "schemas")
		if _, err := os.Stat(schemas); err == nil { // docker would create it
			once.Directories = append(once.Directories, schemas)
			once.Env = append(once.Env, "XDG_CACHE_HOME="+cache)
		}
	}
	return once, root, nil
}

// testPackage runs the tests of one package.
func (o options) testPackage(ctx context.Context, once cluster.Once, program string, progress *cluster.Progress) (count, error) {
	ctx, cancel := context.WithTimeout(ctx, unitTimeout+time.Minute)
	defer cancel()
	result, err := once.Run(ctx, program, "-test.v", "-test.run="+o.unitRun, "-test.timeout="+unitTimeout.String())
	if err != nil {
		return count{}, err
	}
	of := countResults(result.Stdout)
	if result.Code != 0 && len(of.Failed) == 0 { // a panic, or the timeout
		of.Failed = append(of.Failed, "package "+strings.TrimSuffix(filepath.Base(program), ".test"))
	}
	if len(of.Failed) > 0 {
		progress.Printf("%s", result.Stdout+result.Stderr)
	}
	return of, nil
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
