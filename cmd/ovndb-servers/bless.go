package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

type blessOptions struct {
	place

	reason        string
	withdraw, yes bool
}

const blessTimeout = 30 * time.Second

const blessHelp = `Let this node's data lead once, even if it is not the latest: the operator's override,
for when the nodes with later data are lost for good, or when the agents cannot decide.
The cost is shown first; without --yes nothing is done.

The blessing is for this node and for the next promotion in the present term. That
promotion uses it up; it is void once another node is promoted, this node follows one, or
it leaves the cluster. It and its reason are kept in the log, and in the cluster record
of the term that begins with it.

Exit codes: 0 done, 1 refused, 3 the state could not be found out, 107 not confirmed; the
others are those of all commands.`

func newBlessCommand() *cobra.Command {
	var o blessOptions
	cmd := &cobra.Command{
		Use:     "bless --reason TEXT",
		Short:   "Let this node's data lead once, even if it is not the latest",
		Long:    blessHelp,
		Example: "  ovndb-servers bless --reason \"disks of node1 and node2 burned\"\n  ovndb-servers bless --withdraw",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return bless(cmd, o) },
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "the reason, in a few words; kept in the log and in the cluster record")
	cmd.Flags().BoolVar(&o.withdraw, "withdraw", false, "take the blessing back")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do it")
	o.addFlags(cmd, blessTimeout)
	return cmd
}

// check refuses options that do not go together.
func (o blessOptions) check() error {
	if o.withdraw && o.reason != "" {
		return usage("--withdraw takes the blessing back, and needs no --reason")
	}
	if !o.withdraw && replication.CleanReason(o.reason) == "" {
		return usage("cannot bless without --reason: %w", control.ErrNoReason)
	}
	return nil
}

func bless(cmd *cobra.Command, o blessOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	t, err := o.clusterTarget(ctx)
	if err != nil {
		return err
	}
	c, out := t.controller, cmd.OutOrStdout()
	c.Log = operatorLog(cmd, c.Instance)
	if o.withdraw {
		return withdraw(ctx, out, c)
	}
	survey, err := c.Survey(ctx)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, costText(c.Instance, survey)); err != nil {
		return err
	}
	if err := needless(ctx, c, survey); err != nil {
		return refused(err)
	}
	if !o.yes {
		return errNotConfirmed
	}
	if err := c.Bless(ctx, o.reason); err != nil {
		return refused(err)
	}
	_, err = fmt.Fprintf(out, "\nThe data of node %s is blessed: it leads with the next promotion. To take that back: ovndb-servers bless --withdraw\n", c.Node)
	return err
}

func withdraw(ctx context.Context, out io.Writer, c *control.Controller) error {
	if err := c.WithdrawBlessing(ctx); err != nil {
		return refused(err)
	}
	_, err := fmt.Fprintf(out, "The data of node %s is no longer blessed; the next monitor sets the promotion score of the data.\n", c.Node)
	return err
}

var errNeedless = errors.New("there is nothing to bless")

// needless refuses a blessing without effect, and that of a node that replicates: it holds the
// promoted node's data.
func needless(ctx context.Context, c *control.Controller, s replication.Survey) error {
	o := c.Observe(ctx, c.LiveView())
	v := replication.Assess(o)
	switch {
	case v.Health == replication.HealthActive || v.Health == replication.HealthActiveDegraded:
		return fmt.Errorf("%w: this node is promoted", errNeedless)
	case v.Following:
		return fmt.Errorf("%w: this node replicates from the promoted node %s and holds the same data", errNeedless, o.Leader.Node)
	case s.Blessed != nil:
		return fmt.Errorf("%w: this node's data is blessed already: %s", errNeedless, s.Blessed.Reason)
	default:
		return nil
	}
}
