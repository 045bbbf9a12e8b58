package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
	"ovndb-servers/pkg/replication"
)

type reinitOptions struct{ actOptions }

// reinitTimeout leaves time for large databases.
const reinitTimeout = 10 * time.Minute

const reinitHelp = `Have this node, a backup, copy its databases again from the node that leads: where "verify"
finds rows that differ, or "status" says that the data here is of another origin. What is
about to happen is shown first; on a terminal it is asked for, elsewhere it needs --yes.

What the databases hold is kept in snapshots of the kind "reinit" first. The supervisor of
this node carries it out, between the actions of the cluster, and only in the present
term. The command waits until the databases are fresh. Meanwhile this node is behind and
cannot lead. NODE may be given to be sure which node this is.

Exit codes: 0 copied and fresh, 1 refused, or not done in time, 3 the state could not be
found out, 105 there is no such node, 107 not confirmed; the others are those of all
commands.`

func newReinitCommand(p program) *cobra.Command {
	var o reinitOptions
	cmd := &cobra.Command{
		Use:     "reinit [NODE]",
		Short:   "Have this backup copy its databases again from the node that leads",
		Long:    reinitHelp,
		Example: "  ovndb-servers reinit\n  ovndb-servers reinit node2 --yes",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("name at most one node, which is this one")
			}
			return nil
		},
		ValidArgsFunction: completeThisNode,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.output.act(cmd, func(out io.Writer, r *actionReport) error {
				return reinit(cmd, p, o, strings.Join(args, ""), out, r)
			})
		},
	}
	o.addActFlags(cmd, reinitTimeout)
	return cmd
}

func reinit(cmd *cobra.Command, p program, o reinitOptions, named string, out io.Writer, r *actionReport) error {
	ctx := cmd.Context()
	plan, err := o.plan(ctx, named)
	if err != nil {
		return err
	}
	r.Resource, r.From, r.To = plan.controller.Instance, plan.record.Node, plan.controller.Node
	if _, err := io.WriteString(out, plan.text()); err != nil {
		return err
	}
	if err := confirm(ctx, p, out, o.yes, "Copy them again?"); err != nil {
		return err
	}
	c := plan.controller
	operatorLog(cmd, c.Instance).WithField("from", plan.record.Node).Warn("an operator has the databases of this node copied again")
	began := time.Now()
	if err := plan.carryOut(ctx, o); err != nil {
		return refused(err)
	}
	r.took(time.Since(began))
	_, err = fmt.Fprintf(out, "the databases of node %s are fresh after %s; what they held before: ovndb-servers snapshots list\n",
		c.Node, rounded(time.Since(began)))
	return err
}

// reinitPlan is a copy that may begin.
type reinitPlan struct {
	controller *control.Controller
	record     replication.Record
	// others are the other backups.
	others []string
}

// plan checks whether this node can copy its databases now.
func (o reinitOptions) plan(ctx context.Context, named string) (reinitPlan, error) {
	ctx, cancel := context.WithTimeout(ctx, planTimeout)
	defer cancel()
	t, err := o.clusterTarget(ctx)
	if err != nil {
		return reinitPlan{}, err
	}
	c := t.controller
	if err := checkNamed(t.view, c.Node, named); err != nil {
		return reinitPlan{}, err
	}
	running, promoted, _ := rolesIn(t.view, c.Instance)
	record, err := c.Record(ctx)
	if err != nil {
		return reinitPlan{}, err
	}
	if err := mayReinit(c, running, promoted, record); err != nil {
		return reinitPlan{}, err
	}
	observed := c.Observe(ctx, c.LiveView())
	for _, s := range observed.Servers {
		if s.Condition != replication.ConditionBackup {
			return reinitPlan{}, notMoved("the %s server here is %s; see: ovndb-servers status", s.Database, s.Condition)
		}
	}
	if _, _, err := c.Supervisor(); err != nil {
		return reinitPlan{}, notMoved("the supervisor, which copies the databases, does not work: %w; the next monitor starts it", err)
	}
	others := slices.DeleteFunc(running, func(node string) bool { return node == c.Node || node == record.Node })
	return reinitPlan{controller: c, record: *record, others: others}, nil
}

// checkNamed refuses the name of another node: each copies its databases by itself.
func checkNamed(view pacemaker.View, self, named string) error {
	switch known := func(n pacemaker.Node) bool { return n.Name == named }; {
	case named == "" || named == self:
		return nil
	case slices.ContainsFunc(view.Nodes, known):
		return notMoved("this is node %s; on node %s: ovndb-servers reinit", self, named)
	default:
		return noSuch("the cluster has no node %q", named)
	}
}

// mayReinit refuses a copy without exactly one other node that leads.
func mayReinit(c *control.Controller, running, promoted []string, record *replication.Record) error {
	own, err := c.OwnTerm()
	switch {
	case err != nil:
		return err
	case own != nil || slices.Contains(promoted, c.Node):
		return notMoved("node %s leads, and has nothing to copy from; first move the role: ovndb-servers switchover", c.Node)
	case !slices.Contains(running, c.Node):
		return notMoved("the resource does not run on node %s; see: crm_mon -1rfA", c.Node)
	case len(promoted) != 1 || record == nil || record.Node != promoted[0] || len(record.End) > 0:
		return notMoved("no node to copy from: promoted are %q, and the cluster record has %s; see: ovndb-servers status", promoted, record.Describe())
	default:
		return nil
	}
}

// text says what will be done.
func (p reinitPlan) text() string {
	takeover := "nothing can take over from node " + p.record.Node
	if len(p.others) > 0 {
		takeover = "only " + strings.Join(p.others, ", ") + " can take over from node " + p.record.Node
	}
	var names []string
	for _, u := range p.controller.Units {
		names = append(names, u.Name())
	}
	return fmt.Sprintf(`resource %s: %s
Node %s copies %s again from node %s:
  - what it holds is kept in a snapshot of each database first
  - until the copy is there, this node is behind and cannot lead: %s
`, p.controller.Instance, recordText(&p.record), p.controller.Node, strings.Join(names, " and "), p.record.Node, takeover)
}

// carryOut requests the copy and waits until it is fresh. A request that was not carried out is taken
// back.
func (p reinitPlan) carryOut(ctx context.Context, o reinitOptions) error {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	if err := p.controller.RequestReinit(ctx, p.record); err != nil {
		return fmt.Errorf("%w: %w", errNotMoved, err)
	}
	ticker := time.NewTicker(moveInterval)
	defer ticker.Stop()
	state := ""
	for {
		pending := p.controller.ReinitPending()
		if len(pending) == 0 {
			if state = o.staleCopies(ctx, p.controller.Node); state == "" {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return p.unfinished(ctx, pending, state)
		case <-ticker.C:
		}
	}
}

// staleCopies names the databases of this node that are not fresh; empty if all are.
func (o reinitOptions) staleCopies(ctx context.Context, node string) string {
	r, err := gather(ctx, statusOptions{place: o.place})
	if err != nil {
		return err.Error()
	}
	var stale []string
	for _, c := range r.Copies {
		if c.Node == node && c.State != stateFresh {
			stale = append(stale, c.Database+" is "+c.stateText())
		}
	}
	return strings.Join(stale, ", ")
}

// unfinished says why a copy was no longer waited for, and what is next.
func (p reinitPlan) unfinished(ctx context.Context, pending []string, state string) error {
	why := errors.New("the databases were not fresh in time (--timeout)")
	if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		why = errInterrupted
	}
	if len(pending) > 0 {
		return errors.Join(fmt.Errorf("%w; the supervisor has not copied %s, and the request is taken back; for the reason: ovndb-servers events",
			why, strings.Join(pending, ", ")), p.controller.WithdrawReinit())
	}
	return fmt.Errorf("%w; the copy goes on, and %s; see: ovndb-servers status", why, state)
}
