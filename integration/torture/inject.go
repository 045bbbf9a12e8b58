package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"ovndb-servers/integration/cluster"
	"ovndb-servers/integration/ovsdb"
)

// The command lines of processes, as expressions.
const (
	serverPattern     = `^[^ ]*ovsdb-server .*/%s\.pid`
	supervisorPattern = `^[^ ]*ovndb-servers supervise( |$)`
	actionPattern     = `^[^ ]*/ocf/resource\.d/ovn/ovndb-servers %s$`
	daemonPattern     = `^[^ ]*/%s( |$)`
)

// injector causes faults in a cluster.
type injector struct {
	cluster  *cluster.Cluster
	machines map[string]*machine
}

// newInjector returns an injector for a cluster.
func newInjector(c *cluster.Cluster) *injector {
	i := &injector{cluster: c, machines: map[string]*machine{}}
	for _, node := range c.NodeNames() {
		i.machines[node] = &machine{cluster: c, node: node}
	}
	return i
}

// undo ends a fault. It may be called again after an error.
type undo func(context.Context) error

// errNothingHit is returned if there was no process to signal.
var errNothingHit = errors.New("no such process was there")

// cause causes a fault on a node, and returns what ends it: nil if there is nothing to
// end. That has to be called also after an error: a part of the fault may have been caused.
func (i *injector) cause(ctx context.Context, f fault, node string) (undo, error) {
	do, known := i.causes()[f.Kind]
	if !known {
		return nil, fmt.Errorf("unknown kind of fault %q", f.Kind)
	}
	return do(ctx, f, node)
}

// causes returns what causes each kind of fault.
func (i *injector) causes() map[kind]func(ctx context.Context, f fault, node string) (undo, error) {
	return map[kind]func(context.Context, fault, string) (undo, error){
		killServer: i.kill, killSupervisor: i.kill, killPacemaker: i.kill, killAction: i.killNext,
		stopServer: i.stop, stopSupervisor: i.stop, stopPacemaker: i.stop,
		freeze: i.freeze, partition: i.partition, cutReplication: i.cutReplication,
		powerLoss: i.powerLoss, powerLossAll: i.powerLossAll, diskFull: i.fillDisk,
		standby: i.standby, maintenance: i.maintenance, cleanup: i.cleanup, reportFailure: i.reportFailure,
	}
}

// kill kills processes.
func (i *injector) kill(ctx context.Context, f fault, node string) (undo, error) {
	count, err := i.cluster.SignalMatching(ctx, node, pattern(f), f.signal())
	return nil, orNothing(count > 0, err)
}

// killNext kills the next processes that match, on each node on which there are any within
// the fault's time. A node that another fault has taken away is none.
func (i *injector) killNext(ctx context.Context, f fault, _ string) (undo, error) {
	var found atomic.Bool
	err := i.cluster.ForEachNode(func(node cluster.Node) error {
		hit, err := i.cluster.SignalNext(ctx, node.Name, pattern(f), f.signal(), f.Lasts)
		if hit {
			found.Store(true)
		}
		return err
	})
	if found.Load() {
		return nil, nil
	}
	return nil, orNothing(false, err)
}

// stop stops processes until they are continued. Of a node that was fenced meanwhile they
// are gone.
func (i *injector) stop(ctx context.Context, f fault, node string) (undo, error) {
	count, err := i.cluster.SignalMatching(ctx, node, pattern(f), syscall.SIGSTOP)
	return func(ctx context.Context) error {
		if state, err := i.cluster.State(ctx, node); err != nil || state != stateRunning {
			return err
		}
		_, err := i.cluster.SignalMatching(ctx, node, pattern(f), syscall.SIGCONT)
		return err
	}, orNothing(count > 0, err)
}

// signal is the signal that kills.
func (f fault) signal() syscall.Signal {
	if f.Signal == "SEGV" {
		return syscall.SIGSEGV
	}
	return syscall.SIGKILL
}

// pattern is the command line of the processes that a fault is for.
func pattern(f fault) string {
	files := map[string]string{"nb": "ovnnb_db", "sb": "ovnsb_db", "nb+sb": "ovn[ns]b_db"}
	if f.Kind == killServer || f.Kind == stopServer {
		return fmt.Sprintf(serverPattern, files[f.Of])
	}
	if f.Kind == killSupervisor || f.Kind == stopSupervisor {
		return supervisorPattern
	}
	if f.Kind == killAction {
		return fmt.Sprintf(actionPattern, f.Of)
	}
	return fmt.Sprintf(daemonPattern, f.Of)
}

// orNothing returns err, or errNothingHit if nothing was found.
func orNothing(found bool, err error) error {
	if err == nil && !found {
		return errNothingHit
	}
	return err
}

// freeze stops a node from running.
func (i *injector) freeze(ctx context.Context, _ fault, node string) (undo, error) {
	m := i.machines[node]
	return m.thaw, m.freeze(ctx)
}

// partition cuts a node off.
func (i *injector) partition(ctx context.Context, f fault, node string) (undo, error) {
	var from []string
	if f.Of == fromPeers {
		from = slices.DeleteFunc(i.cluster.NodeNames(), func(name string) bool { return name == node })
	}
	m := i.machines[node]
	return m.healNetwork, m.cutNetwork(ctx, func(ctx context.Context) error { return i.cluster.Partition(ctx, node, from...) })
}

// cutReplication cuts the databases' sessions of a node with its peers.
func (i *injector) cutReplication(ctx context.Context, _ fault, node string) (undo, error) {
	m := i.machines[node]
	return m.healNetwork, m.cutNetwork(ctx, func(ctx context.Context) error { return i.cluster.CutReplication(ctx, node) })
}

// powerLoss ends a node.
func (i *injector) powerLoss(ctx context.Context, _ fault, node string) (undo, error) {
	m := i.machines[node]
	return m.getPower, m.losePower(ctx)
}

// powerLossAll ends all nodes at once.
func (i *injector) powerLossAll(ctx context.Context, _ fault, _ string) (undo, error) {
	all := func(do func(*machine) error) error {
		return i.cluster.ForEachNode(func(node cluster.Node) error { return do(i.machines[node.Name]) })
	}
	on := func(ctx context.Context) error { return all(func(m *machine) error { return m.getPower(ctx) }) }
	return on, all(func(m *machine) error { return m.losePower(ctx) })
}

// fillDisk takes all room on the disk of a node's databases.
func (i *injector) fillDisk(ctx context.Context, _ fault, node string) (undo, error) {
	return func(ctx context.Context) error { return i.cluster.FreeDisk(ctx, node) }, i.cluster.FillDisk(ctx, node)
}

// standby has a node run no resources.
func (i *injector) standby(ctx context.Context, _ fault, node string) (undo, error) {
	end := i.whenWhole(func(ctx context.Context) error { return i.cluster.Unstandby(ctx, node) })
	return end, i.cluster.Standby(ctx, node)
}

// whenWhole returns an undo of a setting, which waits until no partition is left that could bring
// the setting back.
func (i *injector) whenWhole(end undo) undo {
	return func(ctx context.Context) error {
		if err := i.cluster.AwaitWhole(ctx); err != nil {
			return err
		}
		return end(ctx)
	}
}

// maintenance has Pacemaker manage nothing.
func (i *injector) maintenance(ctx context.Context, _ fault, _ string) (undo, error) {
	const property = "maintenance-mode"
	end := i.whenWhole(func(ctx context.Context) error { return i.cluster.SetProperty(ctx, property, "") })
	return end, i.cluster.SetProperty(ctx, property, "true")
}

// cleanup has Pacemaker forget failures.
func (i *injector) cleanup(ctx context.Context, _ fault, _ string) (undo, error) {
	return nil, i.cluster.Cleanup(ctx, cluster.Clone)
}

// reportFailure reports a failure that has not happened.
func (i *injector) reportFailure(ctx context.Context, _ fault, node string) (undo, error) {
	return nil, i.cluster.ReportFailure(ctx, node)
}

// nodeFor returns the node that a target means in a view: of several candidates the first
// by name. Without a promoted node the first one stands in for it.
func nodeFor(on target, names []string, promoted string) string {
	if on == wholeCluster {
		return ""
	}
	if promoted == "" {
		promoted = names[0]
	}
	backups := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == promoted })
	if on == firstBackup {
		return backups[0]
	}
	if on == secondBackup {
		return backups[1]
	}
	return promoted
}

// databases are those that are written to.
func databases() []ovsdb.Database {
	return []ovsdb.Database{ovsdb.Northbound(), ovsdb.Southbound()}
}

// short is how a database is named in print.
func short(db ovsdb.Database) string {
	if db.Name == ovsdb.Northbound().Name {
		return "NB"
	}
	return "SB"
}

// oneLine joins the lines of a text, and cuts it off.
func oneLine(text string) string {
	const maxText = 300
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + " ..."
	}
	return text
}

// pause waits, and reports whether the context is still alive.
func pause(ctx context.Context, duration time.Duration) bool {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
