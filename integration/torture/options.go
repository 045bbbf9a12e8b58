package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"ovndb-servers/integration/cluster"
)

// options are the command line.
type options struct {
	binary  string
	suite   string
	seed    uint64
	minutes int
	fencing bool
	// only selects kinds of faults by their names.
	only *regexp.Regexp
	// planOnly prints the plan and ends.
	planOnly bool
	// settle bounds each wait for the cluster; readyTimeout the first one.
	settle, readyTimeout time.Duration
	// calm is how long writes may be away after a fault before the next one comes.
	calm time.Duration
	// suspicious is how long writes may be away after the last fault has ended.
	suspicious time.Duration
	// watch is for how long the healed cluster is watched.
	watch time.Duration
	// pace is the pause between the rows of a writer.
	pace time.Duration
	// disk is the size of the disks for the databases.
	disk string
	// cgroup is the name that the nodes' control groups begin with, empty for docker's own.
	cgroup string
	// out is the directory for the results.
	out string
}

// parseOptions reads the command line.
func parseOptions(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("torture", flag.ContinueOnError)
	flags.StringVar(&o.binary, "bin", "bin/ovndb-servers", "the agent's `program`")
	flags.StringVar(&o.suite, "suite", cmp.Or(os.Getenv("SUITE"), string(cluster.Trixie)), "the nodes' Debian `release`")
	seed := flags.String("seed", "", "`number` that the faults are drawn by (default: another one each time)")
	flags.IntVar(&o.minutes, "minutes", 5, "for how many minutes faults are caused")
	fencing := flags.String("fencing", "no", "whether lost nodes are fenced: `yes or no`")
	only := flags.String("only", "", "cause only faults whose kind matches this `regexp`")
	flags.BoolVar(&o.planOnly, "plan", false, "print the plan and end")
	flags.DurationVar(&o.settle, "settle", 2*time.Minute, "how long the healed cluster may take to settle")
	flags.DurationVar(&o.readyTimeout, "ready", 5*time.Minute, "how long the new cluster may take to be ready")
	flags.DurationVar(&o.calm, "calm", time.Minute, "how long to wait for writes after a fault before the next one")
	flags.DurationVar(&o.suspicious, "suspicious", 20*time.Second, "time without writes after the last fault that is suspicious")
	flags.DurationVar(&o.watch, "watch", 30*time.Second, "for how long the healed cluster is watched")
	flags.DurationVar(&o.pace, "pace", 50*time.Millisecond, "pause between the rows of a writer")
	flags.StringVar(&o.disk, "disk", "512m", "`size` of the disk that each node has for its databases, in memory")
	flags.StringVar(&o.cgroup, "cgroup-parent", "", "`name` that control groups begin with, one for each node: on a machine with other load")
	flags.StringVar(&o.out, "out", "", "`directory` for the results (default: bin/torture-SUITE-SEED)")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 || o.minutes < 1 {
		return options{}, errors.New("wrong number of arguments, or less than one minute")
	}
	return o, o.complete(*seed, *fencing, *only)
}

// complete reads the flags that are not of a simple type, and fills in the rest.
func (o *options) complete(seed, fencing, only string) (err error) {
	if o.only, err = regexp.Compile(only); err != nil {
		return fmt.Errorf("cannot read the expression for faults: %w", err)
	}
	switch fencing {
	case "yes", "no":
		o.fencing = fencing == "yes"
	default:
		return fmt.Errorf("-fencing %q: want yes or no", fencing)
	}
	o.seed = uint64(rand.Uint32())
	if seed != "" {
		if o.seed, err = strconv.ParseUint(seed, 10, 64); err != nil {
			return fmt.Errorf("cannot read the seed: %w", err)
		}
	}
	if o.out == "" {
		o.out = filepath.Join("bin", fmt.Sprintf("torture-%s-%d", o.suite, o.seed))
	}
	o.out, err = filepath.Abs(o.out)
	return err
}

// length is for how long faults are caused.
func (o options) length() time.Duration { return time.Duration(o.minutes) * time.Minute }

// repeat is the command that does the same again.
func (o options) repeat() string {
	command := fmt.Sprintf("make torture SEED=%d MINUTES=%d SUITE=%s FENCING=%s", o.seed, o.minutes, o.suite, yesNo(o.fencing))
	if o.only.String() != "" {
		command += fmt.Sprintf(" TORTUREFLAGS=\"-only '%s'\"", o.only)
	}
	return command
}

// yesNo is how an answer is written on the command line.
func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// config is the cluster's configuration.
func (o options) config() cluster.Config {
	config := cluster.Config{
		Name:  "torture-" + o.suite + "-" + strconv.Itoa(os.Getpid()),
		Suite: cluster.Suite(o.suite), Binary: o.binary,
		DiskSize: o.disk, CgroupParent: o.cgroup, RestartPacemaker: true, ReadyTimeout: o.readyTimeout, PollInterval: time.Second,
		LogDir: filepath.Join(o.out, "bring-up"),
		// Each snapshot is evidence: none may be removed for a later one.
		Parameters: map[string]string{"snapshots": "1000"},
		// No person is there to clean up after an action that was killed.
		PrimitiveMeta: map[string]string{"failure-timeout": "30s"},
		Properties:    map[string]string{"start-failure-is-fatal": "false"},
	}
	if o.fencing {
		config.FenceDir = filepath.Join(o.out, "fencing")
	}
	return config
}
