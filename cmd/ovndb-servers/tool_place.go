package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/parallel"
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

// addFlags adds the flags of a command that talks to servers and cluster.
func (p *place) addFlags(cmd *cobra.Command, timeout time.Duration) {
	flags := cmd.Flags()
	flags.StringVar(&p.layout.DatabaseDir, "dbdir", "", "directory of the database files (default: OVN's own)")
	flags.StringVar(&p.stateDir, "statedir", control.StateBase, "directory of the agent's state and snapshots")
	flags.StringVar(&p.resource, "resource", "", "name of the resource (default: the only one on this node)")
	flags.Var((*pairFlag)(&p.layout.Pair), "databases", "the resource's databases: ovn or ovn-ic (default: as it is configured)")
	flags.StringVar(&p.layout.RunDir, "rundir", "", "directory of sockets and pidfiles (default: OVN's own)")
	flags.StringVar(&p.stateRunDir, "staterundir", control.RunBase, "directory of the agent's run-time state")
	addTimeout(flags, &p.timeout, "timeout", timeout, "how long to wait for servers and cluster, in seconds or as 2m")
	completeWith(cmd, "resource", completeResources)
	completeWith(cmd, "databases", cobra.FixedCompletions(pairs(), cobra.ShellCompDirectiveNoFileComp))
}

// check refuses directories that were named and cannot be meant. Those of sockets, and of state
// that does not outlive a reboot, need not exist.
func (p place) check() error {
	for _, named := range []struct {
		option, directory, standard string
		lasting                     bool
	}{
		{"--dbdir", p.layout.DatabaseDir, "", true},
		{"--statedir", p.stateDir, control.StateBase, true},
		{"--rundir", p.layout.RunDir, "", false},
		{"--staterundir", p.stateRunDir, control.RunBase, false},
	} {
		if named.directory == named.standard {
			continue
		}
		if !filepath.IsAbs(named.directory) {
			return usage("%s has to be an absolute path, and is %q", named.option, named.directory)
		}
		if !named.lasting {
			continue
		}
		info, err := os.Stat(named.directory)
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.IsDir() {
			return noSuch("%s: there is no directory %s", named.option, named.directory)
		}
		if err != nil {
			return fmt.Errorf("cannot use %s: %w", named.option, err)
		}
	}
	return nil
}

// target is the resource that a command is about: its controller on this node and the cluster's
// view, or the reason why there is none.
type target struct {
	controller *control.Controller
	// instance is the resource's name, and node Pacemaker's name of this node.
	instance, node string
	view           pacemaker.View
	noCluster      error
	// parameters are those that the cluster has of the resource.
	parameters ocf.Parameters
}

// target finds the resource. A cluster that does not answer is a part of the result, not an error.
func (p place) target(ctx context.Context, log logrus.FieldLogger) (target, error) {
	t, err := p.find(ctx)
	if err != nil {
		return target{}, err
	}
	layout, err := process.DiscoverLayout(p.layout)
	if err != nil {
		return target{}, err
	}
	return p.at(t, layout, log)
}

// find finds the resource, and takes the directories of OVN from its parameters. The result has no
// controller.
func (p *place) find(ctx context.Context) (t target, err error) {
	if err := p.check(); err != nil {
		return target{}, err
	}
	t.view, t.node, t.noCluster = askCluster(ctx)
	if t.instance, err = p.pickResource(t.view, t.noCluster); err != nil {
		return target{}, err
	}
	if t.noCluster == nil {
		t.parameters = configuredParameters(ctx, t.instance)
		p.configure(t.parameters)
	}
	return t, nil
}

// at adds the controller to a target whose files are in the directories of a layout.
func (p place) at(t target, layout process.Layout, log logrus.FieldLogger) (target, error) {
	t.controller = p.newController(t.node, t.instance, t.view, layout, log)
	t.controller.ManageNorthd = t.parameters.ManageNorthd
	t.controller.Units[0].Endpoint.Keys, t.controller.Units[1].Endpoint.Keys = t.parameters.Northbound.Keys, t.parameters.Southbound.Keys
	return t, checkAccess(t.controller)
}

// askCluster returns the cluster's view and Pacemaker's name of this node. A cluster that does not answer
// leaves time for the servers and the files.
func askCluster(ctx context.Context) (view pacemaker.View, node string, noCluster error) {
	ctx, cancel := halfOf(ctx)
	defer cancel()
	parallel.Do(
		func() { node = askNode(ctx) },
		func() { view, noCluster = pacemaker.CurrentView(ctx, ocf.AgentName) },
	)
	return view, node, noCluster
}

// halfOf returns a context that ends after half of what is left of ctx's time.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) { return partOf(ctx, 0.5) }

// partOf returns a context that ends after a part of what is left of ctx's time.
func partOf(ctx context.Context, part float64) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Duration(part*float64(time.Until(deadline))))
}

// clusterTarget is target for what cannot be done without the cluster: that it does not answer is an
// error.
func (p place) clusterTarget(ctx context.Context) (target, error) {
	t, err := p.target(ctx, discardLogger())
	if err == nil {
		err = t.noCluster
	}
	return t, err
}

// checkAccess refuses an account that may not ask the servers, or read the agent's state: it would
// take a server that works for one that does not.
func checkAccess(c *control.Controller) error {
	private := []struct {
		path string
		mode uint32
	}{{c.StateDir, unix.R_OK | unix.X_OK}, {c.RunDir, unix.R_OK | unix.X_OK}}
	for _, u := range c.Units {
		for _, path := range []string{u.Files.ControlSocket, u.Files.DataSocket} {
			private = append(private, struct {
				path string
				mode uint32
			}{path, unix.R_OK | unix.W_OK})
		}
	}
	for _, f := range private {
		if err := unix.Faccessat(unix.AT_FDCWD, f.path, f.mode, unix.AT_EACCESS); errors.Is(err, unix.EACCES) {
			return fmt.Errorf("%w to use %s as user %d", errNoPermission, f.path, os.Geteuid())
		}
	}
	return nil
}

// errWhichResource is returned when the resource is not clear.
var errWhichResource = errors.New("more than one resource runs OVN's databases here: choose one with --resource")

// pickResource takes the resource that is named, the cluster's only one, or the
// only one that has left its files on this node.
func (p place) pickResource(view pacemaker.View, noCluster error) (string, error) {
	names := view.Resources()
	kept := append(control.InstancesIn(p.stateRunDir), lastingInstances(p.stateDir)...)
	if p.resource != "" {
		return p.resource, p.knownResource(append(names, kept...), noCluster)
	}
	if len(names) == 0 {
		names = control.InstancesIn(p.stateRunDir)
	}
	if len(names) == 0 && noCluster != nil { // after a boot: its snapshots are wanted most while no cluster runs
		names = lastingInstances(p.stateDir)
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

// knownResource refuses the name of a resource that neither the cluster nor this node has: the
// servers of another one would be judged as its.
func (p place) knownResource(known []string, noCluster error) error {
	slices.Sort(known)
	known = slices.Compact(known)
	switch {
	case slices.Contains(known, p.resource):
		return nil
	case noCluster != nil:
		return fmt.Errorf("this node has no state of resource %q, and the cluster cannot be asked for it: %w", p.resource, noCluster)
	case len(known) == 0:
		return noSuch("there is no resource %q: no resource of this agent is known here", p.resource)
	default:
		return noSuch("there is no resource %q, but: %s", p.resource, strings.Join(known, ", "))
	}
}

// lastingInstances returns the names of the resources that have state below a directory.
func lastingInstances(base string) []string {
	entries, _ := os.ReadDir(base) // without the directory there are none
	var names []string
	for _, e := range entries {
		if e.IsDir() && e.Name() != "lost+found" { // of a file system of its own
			names = append(names, e.Name())
		}
	}
	return names
}

// newController returns a controller that looks at servers and files, and never
// offers them to clients.
func (p place) newController(asked, instance string, view pacemaker.View, layout process.Layout, log logrus.FieldLogger) *control.Controller {
	runDir := filepath.Join(p.stateRunDir, instance)
	node := localNode(runDir, asked)
	return &control.Controller{
		Instance: instance, Node: node.Name, Remote: node.Remote, AttributeHost: node.Host, Layout: layout,
		StateDir: filepath.Join(p.stateDir, instance), RunDir: runDir,
		Units:   control.Units(layout, control.Endpoint{}, control.Endpoint{}),
		Cluster: pacemaker.Resource{Instance: instance, Node: node, Bundle: slices.Contains(view.Bundled, instance)},
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
