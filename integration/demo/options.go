package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"ovndb-servers/integration/cluster"
)

const (
	// clusterName names the demonstration's cluster: there is one on a machine.
	clusterName = "demo"
	upTimeout   = 15 * time.Minute
	downTimeout = time.Minute
)

// options are the command line.
type options struct {
	command string
	config  cluster.Config
}

// parseOptions reads the command line.
func parseOptions(args []string) (options, error) {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	binary := flags.String("bin", "bin/ovndb-servers", "the agent's `program`")
	suite := flags.String("suite", suiteFrom(os.Getenv("SUITE")), "the nodes' Debian `release`")
	order := flags.String("order", string(cluster.PromoteThenVIP), "`order` of virtual IP and promotion")
	profile := flags.String("profile", string(cluster.NormalProfile), "how soon a lost node is noticed: normal or fast")
	flags.Usage = func() {
		_, _ = fmt.Fprintln(flags.Output(), "usage: demo [flags] up|down")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	command := flags.Arg(0)
	if flags.NArg() != 1 || (command != "up" && command != "down") {
		flags.Usage()
		return options{}, errors.New("wrong number of arguments, or unknown command")
	}
	return options{command, cluster.Config{
		Name: clusterName, Suite: cluster.Suite(*suite), Binary: *binary, Order: cluster.Order(*order),
		Profile:    cluster.Profile(*profile),
		Persistent: true, LogDir: filepath.Join(os.TempDir(), "ovndb-servers-demo"),
	}}, nil
}

// suiteFrom returns the suite that the environment names, or the default one.
func suiteFrom(environment string) string {
	if environment == "" {
		return string(cluster.Trixie)
	}
	return environment
}

// run carries the command out.
func (o options) run(ctx context.Context, out io.Writer) error {
	progress := cluster.NewProgress(out)
	if o.command == "down" {
		ctx, cancel := context.WithTimeout(ctx, downTimeout)
		defer cancel()
		progress.Printf("removing cluster %s", clusterName)
		return cluster.Remove(ctx, clusterName)
	}
	if _, err := os.Stat(o.config.Binary); err != nil {
		return fmt.Errorf("no agent (run make build first): %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, upTimeout, errors.New("the demonstration takes too long"))
	defer cancel()
	c, err := cluster.Up(ctx, o.config, progress)
	if err != nil {
		return err
	}
	show := &show{cluster: c, progress: progress}
	err = show.run(ctx)
	show.printHints()
	return err
}
