package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
)

type upgradeOptions struct{ actOptions }

// upgradeTimeout is enough for a large database, whose server answers no client meanwhile.
const upgradeTimeout = 5 * time.Minute

const upgradeHelp = `Convert the databases of the promoted node to the schemas that its package of OVN brings.

The promoted node does that by itself within seconds, as soon as the packages of all
nodes bring the newer schemas; until then the databases keep theirs, and "status" names
the nodes that are waited for. By hand it is for a conversion that failed, which is not
tried again in the same term: mend what the log says, and call it.

What would be converted is shown first; on a terminal it is asked for, elsewhere it needs
--yes. A snapshot of each database is kept before. A conversion to an older schema is refused: restore that snapshot.
Call it on the promoted node.`

func newUpgradeCommand(p program) *cobra.Command {
	var o upgradeOptions
	cmd := &cobra.Command{
		Use:     "upgrade",
		Short:   "Convert the databases to the schemas of the installed OVN",
		Long:    upgradeHelp,
		Example: "  ovndb-servers upgrade\n  ovndb-servers upgrade --yes",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.output.act(cmd, func(out io.Writer, r *actionReport) error { return upgrade(cmd, p, o, out, r) })
		},
	}
	o.addActFlags(cmd, upgradeTimeout)
	return cmd
}

func upgrade(cmd *cobra.Command, p program, o upgradeOptions, out io.Writer, r *actionReport) error {
	c, plan, err := o.plan(cmd, r)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, planText(plan)); err != nil || len(plan.Steps) == 0 {
		return err
	}
	if err := due(plan); err != nil {
		return refused(err)
	}
	if err := confirm(cmd.Context(), p, out, o.yes, "Convert them?"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	if err := c.UpgradeSchemas(ctx, plan); err != nil { // which asks again for what the plan depends on
		return refused(err)
	}
	return confirmUpgrade(ctx, out, c, plan)
}

// plan finds out what is to be converted.
func (o upgradeOptions) plan(cmd *cobra.Command, r *actionReport) (*control.Controller, control.UpgradePlan, error) {
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	t, err := o.clusterTarget(ctx)
	if err != nil {
		return nil, control.UpgradePlan{}, err
	}
	c := t.controller
	r.Resource = c.Instance
	c.Log = operatorLog(cmd, c.Instance)
	plan, err := c.PlanUpgrade(ctx)
	if errors.Is(err, control.ErrNotLeading) {
		err = refused(fmt.Errorf("%w: call it on the promoted node; see: ovndb-servers status", err))
	}
	for _, s := range plan.Steps {
		r.Databases = append(r.Databases, actionDatabase{
			Database: s.Database, SchemaBefore: s.Served, SchemaInstalled: s.Installed, WaitsFor: s.Waits,
		})
	}
	return c, plan, err
}

// confirmUpgrade says what has been converted: nothing is while an action is under way, or once a node
// with an older package has come.
func confirmUpgrade(ctx context.Context, out io.Writer, c *control.Controller, plan control.UpgradePlan) error {
	left, err := c.PlanUpgrade(ctx)
	if err != nil {
		return err
	}
	for _, s := range plan.Steps {
		if s.Due && left.Has(s.Database) {
			return refused(fmt.Errorf("%s was not converted: an action is under way on this node, or a node with an older package has come; "+
				"try again", s.Database))
		}
	}
	_, err = io.WriteString(out, "\nDone. The backups take the schema and copy the databases again; see: ovndb-servers status\n")
	return err
}

// planText shows what a conversion would do.
func planText(plan control.UpgradePlan) string {
	if len(plan.Steps) == 0 {
		return "The databases have the schemas that the package of OVN on this node brings.\n"
	}
	var b strings.Builder
	for _, s := range plan.Steps {
		fmt.Fprintf(&b, "%s: schema %s, the package on this node brings %s: ", s.Database, s.Served, s.Installed)
		switch {
		case s.Due:
			b.WriteString("will be converted; its server answers no client meanwhile\n")
		case len(s.Waits) > 0:
			fmt.Fprintf(&b, "waits for the package on %s\n", strings.Join(s.Waits, ", "))
		default:
			b.WriteString("is older, and stays as it is\n")
		}
	}
	return b.String()
}

// due returns why nothing of a plan can be done; nil if something can.
func due(plan control.UpgradePlan) error {
	for _, s := range plan.Steps {
		if s.Due {
			return nil
		}
	}
	if waits := plan.Waits(); len(waits) > 0 {
		return fmt.Errorf("%s: install it there, or take the resource away from a node that does not come back", control.WaitsFor(waits))
	}
	return errors.New("a database is not converted to an older schema: install the newer OVN again, or restore the snapshot " +
		"that was kept before the conversion (ovndb-servers snapshots list)")
}
