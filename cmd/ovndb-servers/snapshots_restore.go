package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/foreignpath"
	"ovndb-servers/pkg/replication"
	"ovndb-servers/pkg/snapshot"
)

type restoreOptions struct {
	place

	yes bool
}

// restoreTimeout leaves time to copy large files twice.
const restoreTimeout = 5 * time.Minute

func newSnapshotsRestoreCommand() *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use:   "restore NAME",
		Short: "Put a snapshot in the place of its database file",
		Long: `Put a snapshot in the place of its database file on this node, after keeping the
present file as a snapshot of its own. The resource must be stopped on this node.
Without --yes, show the steps and their cost, and do nothing.

` + snapshotsHelp,
		Example:           "  ovndb-servers snapshots restore OVN_Northbound.20260304T050607.000000890Z.ahead --yes",
		Args:              oneSnapshot,
		ValidArgsFunction: o.completeSnapshots,
		RunE:              func(cmd *cobra.Command, args []string) error { return restoreSnapshot(cmd, o, args[0]) },
	}
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do it")
	o.addFlags(cmd, restoreTimeout)
	return cmd
}

func restoreSnapshot(cmd *cobra.Command, o restoreOptions, name string) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	t, err := o.target(ctx, discardLogger())
	if err != nil {
		return err
	}
	c, out := t.controller, cmd.OutOrStdout()
	c.Log = operatorLog(cmd, c.Instance)
	info, err := c.SnapshotDirectory().Find(name)
	if err != nil {
		return err
	}
	cluster := clusterRecord(ctx, t)
	if !o.yes {
		_, _ = io.WriteString(out, restorePlan(ctx, c, info, cluster))
		return errNotConfirmed
	}
	restored, err := c.Restore(ctx, name)
	if restored.Kept != nil {
		_, _ = fmt.Fprintf(out, "the replaced file is kept as snapshot %s\n", restored.Kept.Name)
	}
	if err != nil {
		return refused(err)
	}
	c.Log.WithField("snapshot", name).WithField("db", restored.Database).Warn("an operator has restored a snapshot: " + restored.Position.Summary())
	_, err = fmt.Fprintf(out, "restored %s from snapshot %s: %s\n\n%s", restored.Database, name, restored.Position.Summary(),
		restoreNext(c, restored.Position, cluster))
	return err
}

// clusterRecord returns the record, or nil if there is none or it cannot be read: a node may be
// without its cluster while it is repaired.
func clusterRecord(ctx context.Context, t target) *replication.Record {
	if t.noCluster != nil {
		return nil
	}
	record, err := t.controller.Record(ctx)
	if err != nil {
		return nil
	}
	return record
}

func restorePlan(ctx context.Context, c *control.Controller, info snapshot.Info, cluster *replication.Record) string {
	var b strings.Builder
	fmt.Fprintf(&b, "This would, on node %s:\n", c.Node)
	fmt.Fprintf(&b, "  1. %s\n", keepText(ctx, c, info))
	fmt.Fprintf(&b, "  2. put snapshot %s (%s, taken %s) in its place\n\nWhat it costs:\n", info.Name, info.Position, info.Taken.UTC().Format(takenForm))
	fmt.Fprintf(&b, "  - whatever was written to %s since is not in it, except in the other nodes' data and in snapshots\n", info.Database)
	if cluster != nil {
		fmt.Fprintf(&b, "  - the cluster is in term %d, which node %s led: data of an earlier term does not lead unless you bless it\n", cluster.Term, cluster.Node)
	}
	b.WriteString("  - if another node is promoted when the resource starts here, this node follows that one, and the restored rows\n" +
		"    are discarded again (they are kept in a snapshot first)\n")
	for _, u := range c.Units {
		if pid, err := u.Running(); err == nil && pid != 0 {
			fmt.Fprintf(&b, "\nIt would be refused now: the %s server runs (pid %d); stop the resource on this node first.\n", u.Name(), pid)
		}
	}
	return b.String()
}

func keepText(ctx context.Context, c *control.Controller, info snapshot.Info) string {
	for _, u := range c.Units {
		if u.Name() != info.Database {
			continue
		}
		file, err := foreignpath.Stat(u.Files.Database)
		if errors.Is(err, fs.ErrNotExist) {
			return "keep nothing, as there is no " + u.Files.Database
		}
		holds := "which cannot be read"
		if position, err := c.ReadPosition(ctx, u); err == nil {
			holds = position.Summary()
		}
		if err == nil {
			holds = size(file.Size()) + ", " + holds
		}
		return fmt.Sprintf("keep the present %s (%s) as a snapshot of its own", u.Files.Database, holds)
	}
	return "find that this node has no database " + info.Database + ", and refuse"
}

// restoreNext describes the next steps with the restored data.
func restoreNext(c *control.Controller, position replication.Position, cluster *replication.Record) string {
	why := "Whether it may lead is decided by an election: the cluster's record is not known here, or there is none."
	if cluster != nil && position.Current(*cluster) {
		why = fmt.Sprintf("It is of the current term %d: it takes part in the next election, and leads if it holds most.", cluster.Term)
	}
	if cluster != nil && !position.Current(*cluster) {
		why = fmt.Sprintf("It has not seen the current term %d, which node %s led: it will lead only if you bless it.", cluster.Term, cluster.Node)
	}
	return why + `
If another node is promoted when the resource starts here, this node follows that one.
So that this data leads:
  crm_resource --resource <the clone of ` + c.Instance + `> --meta --set-parameter target-role --parameter-value Stopped
  crm_resource --wait
  ovndb-servers bless --resource ` + c.Instance + ` --reason "..."          # on this node; shows the cost first
  crm_resource --resource <the clone of ` + c.Instance + `> --meta --delete-parameter target-role
`
}
