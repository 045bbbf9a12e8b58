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

const blessHelp = `Let this node's data lead once, whatever it holds: the operator's override, for when the
nodes with later data are lost for good, or when nothing tells which data is right.
What it costs is shown first; without --yes nothing is done.

The word is for this node and for the next promotion in the present term. It is taken
up by that promotion, and void once another node is promoted, this node follows one, or
it leaves the cluster. It and its reason are kept in the log, and in the cluster record
of the term that begins with it.

Exit codes: 0 done, 1 refused, 2 wrong usage or not confirmed, 4 the state could not be
found out.`

func newBlessCommand() *cobra.Command {
	var o blessOptions
	cmd := &cobra.Command{
		Use:     "bless --reason TEXT",
		Short:   "Let this node's data lead once, whatever it holds",
		Long:    blessHelp,
		Example: "  ovndb-servers bless --reason \"disks of node1 and node2 burned\"\n  ovndb-servers bless --withdraw",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return bless(cmd, o) },
	}
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, in a few words; kept in the log and in the cluster record")
	cmd.Flags().BoolVar(&o.withdraw, "withdraw", false, "take the word back")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do it")
	cmd.MarkFlagsMutuallyExclusive("withdraw", "reason")
	o.addFlags(cmd.Flags(), blessTimeout)
	return cmd
}

func bless(cmd *cobra.Command, o blessOptions) error {
	if !o.withdraw && replication.CleanReason(o.reason) == "" {
		return &exitError{code: exitUsage, err: fmt.Errorf("cannot bless without --reason: %w", control.ErrNoReason)}
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), o.timeout)
	defer cancel()
	s, err := o.identity(ctx, discardLogger())
	if err == nil {
		err = s.noCluster
	}
	if err != nil {
		return &exitError{code: exitUnknown, err: err}
	}
	c, out := s.controller, cmd.OutOrStdout()
	c.Log = record(cmd, c.Instance)
	if o.withdraw {
		return withdraw(ctx, out, c)
	}
	standing, err := c.Survey(ctx)
	if err != nil {
		return &exitError{code: exitUnknown, err: err}
	}
	if _, err := io.WriteString(out, costText(c.Instance, standing)); err != nil {
		return err
	}
	if err := needless(ctx, c, standing); err != nil {
		return &exitError{code: exitWrong, err: err}
	}
	if !o.yes {
		return &exitError{code: exitUsage, err: errNotConfirmed}
	}
	if err := c.Bless(ctx, o.reason); err != nil {
		return &exitError{code: exitWrong, err: err}
	}
	_, err = fmt.Fprintf(out, "\nThe data of node %s is blessed: it leads with the next promotion. To take that back: ovndb-servers bless --withdraw\n", c.Node)
	return err
}

func withdraw(ctx context.Context, out io.Writer, c *control.Controller) error {
	if err := c.WithdrawBlessing(ctx); err != nil {
		return &exitError{code: exitWrong, err: err}
	}
	_, err := fmt.Fprintf(out, "The data of node %s is not blessed any more; the next monitor sets the promotion score that it is worth.\n", c.Node)
	return err
}

var errNeedless = errors.New("there is nothing to bless")

// needless refuses what would have no effect, or one that nobody can want: a node
// that replicates holds what the promoted node holds.
func needless(ctx context.Context, c *control.Controller, s replication.Survey) error {
	o := c.Observe(ctx, c.LiveView())
	v := replication.Assess(o)
	switch {
	case v.Health == replication.HealthActive || v.Health == replication.HealthActiveDegraded:
		return fmt.Errorf("%w: this node is promoted", errNeedless)
	case v.Following:
		return fmt.Errorf("%w: this node replicates from the promoted node %s and holds what that holds", errNeedless, o.Leader.Node)
	case s.Blessed != nil:
		return fmt.Errorf("%w: this node's data is blessed already: %s", errNeedless, s.Blessed.Reason)
	default:
		return nil
	}
}
