package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"ovndb-servers/integration/cluster"
)

// options are the command line.
type options struct {
	config cluster.Config
	rounds int
	// only selects cases and agents by their names.
	only   *regexp.Regexp
	agents *regexp.Regexp
	// rows are the numbers of rows that the cases of failovers are run with.
	rows  []int
	large bool
	// fencing has lost nodes fenced.
	fencing bool
	json    string
	// document and timeline are paths, empty if not wanted.
	document, timeline string
}

// parseOptions reads the command line.
func parseOptions(args []string) (options, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	binary := flags.String("bin", "bin/ovndb-servers", "the agent's `program`")
	suite := flags.String("suite", cmp.Or(os.Getenv("SUITE"), string(cluster.Trixie)), "the nodes' Debian `release`")
	profile := flags.String("profile", string(cluster.NormalProfile), "how soon a lost node is noticed: normal or fast")
	rounds := flags.Int("rounds", 3, "how often each case is run")
	only := flags.String("only", "", "run only the cases that match this `regexp`")
	agents := flags.String("agents", "", "run only the agents (shell, ours, raft) that match this `regexp`")
	rows := flags.String("rows", "0", "run the cases of failovers and starts with so many rows in the northbound database, a `list` as 0,100000")
	large := flags.Bool("large", false, "measure the monitor also with a million rows, which takes minutes")
	fencing := flags.Bool("fencing", false, "have lost nodes fenced, by killing and starting their containers")
	json := flags.String("json", "", "`file` for the results (default bin/bench-SUITE.json)")
	document := flags.Bool("document", false, "put the results into docs/benchmarks.md")
	timeline := flags.String("timeline", "", "`file` for the timelines of the failovers")
	if err := flags.Parse(args); err != nil {
		return options{}, err
	}
	if flags.NArg() > 0 || *rounds < 1 {
		return options{}, errors.New("wrong number of arguments, or less than one round")
	}
	o := options{rounds: *rounds, large: *large, fencing: *fencing, json: *json, timeline: *timeline}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return options{}, fmt.Errorf("cannot read the expression for cases: %w", err)
	}
	if o.agents, err = regexp.Compile(*agents); err != nil {
		return options{}, fmt.Errorf("cannot read the expression for agents: %w", err)
	}
	if o.rows, err = parseRows(*rows); err != nil {
		return options{}, err
	}
	if *document {
		o.document = filepath.Join("docs", "benchmarks.md")
	}
	if o.json == "" {
		o.json = filepath.Join("bin", "bench-"+*suite+".json")
	}
	o.config = cluster.Config{
		Name: "bench-" + *suite + "-" + strconv.Itoa(os.Getpid()), Suite: cluster.Suite(*suite), Binary: *binary,
		Profile: cluster.Profile(*profile), Nodes: nodes,
		Agent: cluster.StatefulAgent, Operations: operations(),
		LogDir: filepath.Join(os.TempDir(), "ovndb-servers-bench"),
	}
	return o, nil
}

const (
	// nodes is their number in the cluster.
	nodes = 3
	// promotedInterval and unpromotedInterval of the monitors are those that people use:
	// the shell agent's meta-data says 10 s, and both agents' manuals.
	promotedInterval   = 10 * time.Second
	unpromotedInterval = 20 * time.Second
	monitorTimeout     = 20 * time.Second
)

// operations returns the operations of the resource, the same for both agents.
func operations() []cluster.Operation {
	return []cluster.Operation{
		{Name: "start", Timeout: time.Minute},
		{Name: "stop", Timeout: time.Minute},
		{Name: "promote", Timeout: time.Minute},
		{Name: "demote", Timeout: time.Minute},
		{Name: "notify", Timeout: time.Minute / 2},
		{Name: "monitor", Role: "Promoted", Interval: promotedInterval, Timeout: monitorTimeout},
		{Name: "monitor", Role: "Unpromoted", Interval: unpromotedInterval, Timeout: monitorTimeout},
	}
}
