package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

type statusOptions struct {
	resource string
	layout   process.Layout
	output   string
	timeout  time.Duration
}

const statusHelp = `Show this node's database servers, and the other nodes' roles and scores where
the cluster can be asked.

Exit codes: 0 all is well, 1 something is wrong (each fault is printed as a line
"problem: ..."), 2 wrong usage, 3 no server runs on this node, 4 the state could
not be found out.`

// statusTimeout bounds the whole command: a person is waiting.
const statusTimeout = 15 * time.Second

func newStatusCommand() *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "Show this node's servers and the cluster's roles",
		Long:    statusHelp,
		Example: "  ovndb-servers status\n  ovndb-servers status -o json | jq .servers",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return showStatus(cmd.Context(), cmd.OutOrStdout(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.output, "output", "o", "table", "output format: table or json")
	flags.StringVar(&o.resource, "resource", "", "name of the resource (default: the only one on this node)")
	flags.StringVar(&o.layout.RunDir, "rundir", "", "directory of sockets and pidfiles (default: OVN's own)")
	flags.StringVar(&o.layout.DatabaseDir, "dbdir", "", "directory of the database files (default: OVN's own)")
	flags.DurationVar(&o.timeout, "timeout", statusTimeout, "how long to wait for servers and cluster")
	return cmd
}

func showStatus(ctx context.Context, out io.Writer, o statusOptions) error {
	render, err := renderer(o.output)
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	report, err := gather(ctx, o)
	if err != nil {
		return &exitError{code: exitUnknown, err: err}
	}
	if err := render(out, report); err != nil {
		return fmt.Errorf("cannot write the status: %w", err)
	}
	if code := report.exitCode(); code != exitHealthy {
		return &exitError{code: code}
	}
	return nil
}

func renderer(format string) (func(io.Writer, report) error, error) {
	switch format {
	case "table":
		return writeTable, nil
	case "json":
		return writeJSON, nil
	default:
		return nil, fmt.Errorf("cannot print as %q: the formats are table and json", format)
	}
}

func writeJSON(out io.Writer, r report) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// gather looks at this node and asks the cluster. A cluster that does not
// answer is a part of the result, not an error.
func gather(ctx context.Context, o statusOptions) (report, error) {
	layout, err := process.DiscoverLayout(o.layout)
	if err != nil {
		return report{}, err
	}
	view, noCluster := pacemaker.CurrentView(ctx, agentName)
	instance, err := pickResource(o.resource, view, layout)
	if err != nil {
		return report{}, err
	}
	c := newLookController(ctx, instance, layout)
	observation := c.Look(ctx)
	r := newReport(c, observation)
	if noCluster == nil {
		r.addCluster(ctx, c.Cluster, view)
	} else {
		r.Cluster.Error = noCluster.Error()
	}
	return r, nil
}

// errWhichResource is returned when the resource to show is not clear.
var errWhichResource = errors.New("more than one resource runs OVN's databases here: choose one with --resource")

// pickResource takes the resource that is named, the cluster's only one, or the
// only one that has left its files on this node.
func pickResource(named string, view pacemaker.View, layout process.Layout) (string, error) {
	if named != "" {
		return named, nil
	}
	names := view.Resources()
	if len(names) == 0 {
		names = replication.InstancesIn(layout.RunDir)
	}
	switch len(names) {
	case 0:
		return "ovndb-servers", nil
	case 1:
		return names[0], nil
	default:
		return "", fmt.Errorf("%w: %q", errWhichResource, names)
	}
}

// newLookController returns a controller that is only used to look.
func newLookController(ctx context.Context, instance string, layout process.Layout) *replication.Controller {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return &replication.Controller{
		Instance: instance, Node: localNode(ctx), Layout: layout,
		Units:   replication.Units(layout, replication.Endpoint{}, replication.Endpoint{}),
		Cluster: pacemaker.Resource{Instance: instance},
		Log:     log,
	}
}
