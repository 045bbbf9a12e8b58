package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/process"
)

// place is the resource and the directories of the databases that a command is about.
type place struct {
	resource string
	layout   process.Layout
	timeout  time.Duration
	// stateDir and stateRunDir hold the agent's state, of each resource below it.
	stateDir, stateRunDir string
}

func (p *place) addDatabaseFlag(flags *pflag.FlagSet) {
	flags.StringVar(&p.layout.DatabaseDir, "dbdir", "", "directory of the database files (default: OVN's own)")
	flags.StringVar(&p.stateDir, "statedir", control.StateBase, "directory of the agent's state and snapshots")
}

// addFlags adds the flags of a command that talks to servers and cluster.
func (p *place) addFlags(flags *pflag.FlagSet, timeout time.Duration) {
	p.addDatabaseFlag(flags)
	flags.StringVar(&p.resource, "resource", "", "name of the resource (default: the only one on this node)")
	p.layout.Pair = process.PairOVN
	flags.Var((*pairFlag)(&p.layout.Pair), "databases", "the resource's databases: ovn or ovn-ic")
	flags.StringVar(&p.layout.RunDir, "rundir", "", "directory of sockets and pidfiles (default: OVN's own)")
	flags.StringVar(&p.stateRunDir, "staterundir", control.RunBase, "directory of the agent's run-time state")
	flags.DurationVar(&p.timeout, "timeout", timeout, "how long to wait for servers and cluster")
}

// target is the resource that a command is about: its controller on this node and the cluster's
// view, or the reason why there is none.
type target struct {
	controller *control.Controller
	view       pacemaker.View
	noCluster  error
}

// target finds the resource. A cluster that does not answer is a part of the result, not an error.
func (p place) target(ctx context.Context, log logrus.FieldLogger) (target, error) {
	layout, err := process.DiscoverLayout(p.layout)
	if err != nil {
		return target{}, err
	}
	view, noCluster := pacemaker.CurrentView(ctx, ocf.AgentName)
	instance, err := pickResource(p.resource, view, p.stateRunDir)
	if err != nil {
		return target{}, err
	}
	return target{controller: p.newController(ctx, instance, layout, log), view: view, noCluster: noCluster}, nil
}

// errWhichResource is returned when the resource is not clear.
var errWhichResource = errors.New("more than one resource runs OVN's databases here: choose one with --resource")

// pickResource takes the resource that is named, the cluster's only one, or the
// only one that has left its files on this node.
func pickResource(named string, view pacemaker.View, runBase string) (string, error) {
	if named != "" {
		return named, nil
	}
	names := view.Resources()
	if len(names) == 0 {
		names = control.InstancesIn(runBase)
	}
	switch len(names) {
	case 0:
		return ocf.AgentName, nil
	case 1:
		return names[0], nil
	default:
		return "", fmt.Errorf("%w: %q", errWhichResource, names)
	}
}

// newController returns a controller that looks at servers and files, and never
// offers them to clients.
func (p place) newController(ctx context.Context, instance string, layout process.Layout, log logrus.FieldLogger) *control.Controller {
	return &control.Controller{
		Instance: instance, Node: localNode(ctx), Layout: layout,
		StateDir: filepath.Join(p.stateDir, instance), RunDir: filepath.Join(p.stateRunDir, instance),
		Units:   control.Units(layout, control.Endpoint{}, control.Endpoint{}),
		Cluster: pacemaker.Resource{Instance: instance},
		Log:     log,
	}
}

// discardLogger is the log of a command that changes nothing.
func discardLogger() logrus.FieldLogger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

// operatorLog is the log of a command that changes something. It goes to syslog as well, under the
// resource's name, like that of the agent.
func operatorLog(cmd *cobra.Command, resource string) logrus.FieldLogger {
	return ocf.NewLogger(cmd.ErrOrStderr(), func(name string) string {
		if name == ocf.InstanceVariable {
			return resource
		}
		return ""
	})
}
