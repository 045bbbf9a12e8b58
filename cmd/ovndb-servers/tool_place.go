package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/process"
)

// place says which resource's databases a command is about, and where they are.
type place struct {
	resource string
	layout   process.Layout
	timeout  time.Duration
}

func (p *place) addDatabaseFlag(flags *pflag.FlagSet) {
	flags.StringVar(&p.layout.DatabaseDir, "dbdir", "", "directory of the database files (default: OVN's own)")
}

// addFlags adds the flags of a command that talks to servers and cluster.
func (p *place) addFlags(flags *pflag.FlagSet, timeout time.Duration) {
	p.addDatabaseFlag(flags)
	flags.StringVar(&p.resource, "resource", "", "name of the resource (default: the only one on this node)")
	flags.StringVar(&p.layout.RunDir, "rundir", "", "directory of sockets and pidfiles (default: OVN's own)")
	flags.DurationVar(&p.timeout, "timeout", timeout, "how long to wait for servers and cluster")
}

// seat is what a command works with: the resource's controller on this node and
// the cluster's view, or why there is none.
type identity struct {
	controller *control.Controller
	view       pacemaker.View
	noCluster  error
}

// seat finds the resource. A cluster that does not answer is a part of the result,
// not an error.
func (p place) identity(ctx context.Context, log logrus.FieldLogger) (identity, error) {
	layout, err := process.DiscoverLayout(p.layout)
	if err != nil {
		return identity{}, err
	}
	view, noCluster := pacemaker.CurrentView(ctx, agentName)
	instance, err := pickResource(p.resource, view, layout)
	if err != nil {
		return identity{}, err
	}
	return identity{controller: newController(ctx, instance, layout, log), view: view, noCluster: noCluster}, nil
}

// errWhichResource is returned when the resource is not clear.
var errWhichResource = errors.New("more than one resource runs OVN's databases here: choose one with --resource")

// pickResource takes the resource that is named, the cluster's only one, or the
// only one that has left its files on this node.
func pickResource(named string, view pacemaker.View, layout process.Layout) (string, error) {
	if named != "" {
		return named, nil
	}
	names := view.Resources()
	if len(names) == 0 {
		names = control.InstancesIn(layout.RunDir)
	}
	switch len(names) {
	case 0:
		return agentName, nil
	case 1:
		return names[0], nil
	default:
		return "", fmt.Errorf("%w: %q", errWhichResource, names)
	}
}

// newController returns a controller that looks at servers and files, and never
// offers them to clients.
func newController(ctx context.Context, instance string, layout process.Layout, log logrus.FieldLogger) *control.Controller {
	return &control.Controller{
		Instance: instance, Node: localNode(ctx), Layout: layout,
		Units:   control.Units(layout, control.Endpoint{}, control.Endpoint{}),
		Cluster: pacemaker.Resource{Instance: instance},
		Log:     log,
	}
}

// silence is the log of a command that only looks.
func discardLogger() logrus.FieldLogger {
	log := logrus.New()
	log.SetOutput(io.Discard)
	return log
}

// record is the log of a command that changes something: what it does is kept in
// syslog, under the resource's name, as the agent's own doings are.
func record(cmd *cobra.Command, resource string) logrus.FieldLogger {
	return ocf.NewLogger(cmd.ErrOrStderr(), func(name string) string {
		if name == "OCF_RESOURCE_INSTANCE" {
			return resource
		}
		return ""
	})
}
