package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pacemaker"
)

type switchoverOptions struct {
	actOptions

	to string
}

const (
	// switchoverTimeout bounds the wait for the new active.
	switchoverTimeout = 2 * time.Minute
	// planTimeout bounds the questions before it.
	planTimeout = 30 * time.Second
	// moveGrace is how long the constraint outlives that wait, if the tool cannot remove it.
	moveGrace = time.Minute
	// commandTimeout bounds a change in the cluster that is not broken off half-way.
	commandTimeout = 20 * time.Second
)

const switchoverHelp = `Move the promoted role to another node as planned: to the one that is named, or to the one
that holds most of those that are up to date. It is refused if that node is behind, cannot
be promoted, or the cluster is busy with another move. What is about to happen is shown
first; on a terminal it is asked for, elsewhere it needs --yes.

The role is moved by crm_resource --move, with a constraint that is removed at the end,
also by Ctrl-C, and that expires by itself if the tool cannot do so. The new active takes
writes only once it holds all that the old one has acknowledged. At the end it is shown
for how long writes stood still: from the last empty transaction that the old active has
accepted to the first that the new one has. The time that clients need to connect again
is not in it.

Exit codes: 0 moved, 1 refused, interrupted or not moved in time, 3 the state could not be
found out, 105 there is no such node, 107 not confirmed; the others are those of all
commands.`

func newSwitchoverCommand(p program) *cobra.Command {
	var o switchoverOptions
	cmd := &cobra.Command{
		Use:     "switchover [--to NODE]",
		Short:   "Move the promoted role to another node, without the loss of a row",
		Long:    switchoverHelp,
		Example: "  ovndb-servers switchover\n  ovndb-servers switchover --to node2 --yes",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.output.act(cmd, func(out io.Writer, r *actionReport) error { return switchover(cmd, p, o, out, r) })
		},
	}
	cmd.Flags().StringVar(&o.to, "to", "", "the node that leads next (default: the freshest other one)")
	o.addActFlags(cmd, switchoverTimeout)
	completeWith(cmd, "to", o.completeBackups)
	return cmd
}

// completeBackups offers the nodes that run the resource and are not promoted.
func (o *switchoverOptions) completeBackups(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	ctx, cancel := context.WithTimeout(cmd.Context(), completeTimeout)
	defer cancel()
	view, _ := pacemaker.CurrentView(ctx, ocf.AgentName) // without it there are none
	var names []string
	for _, i := range view.Instances {
		if i.Role == "Unpromoted" && (o.resource == "" || o.resource == i.Resource) {
			names = append(names, i.Node)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func switchover(cmd *cobra.Command, p program, o switchoverOptions, out io.Writer, r *actionReport) error {
	ctx := cmd.Context()
	plan, err := o.plan(ctx)
	if err != nil {
		return err
	}
	r.Resource, r.From, r.To = plan.controller.Instance, plan.from, plan.to
	if _, err := io.WriteString(out, plan.text(o.timeout)); err != nil {
		return err
	}
	if err := confirm(ctx, p, out, o.yes, "Move the role?"); err != nil {
		return err
	}
	if !o.yes { // a person may have thought for long
		shown := plan
		o.to = shown.to
		if plan, err = o.plan(ctx); err == nil && plan.from != shown.from {
			err = refused(fmt.Errorf("nothing was done: node %s leads by now", plan.from))
		}
		if err != nil {
			return err
		}
	}
	log := operatorLog(cmd, plan.controller.Instance)
	log.WithField("from", plan.from).WithField("to", plan.to).Warn("an operator moves the promoted role")
	return plan.carryOut(ctx, out, o.timeout, r)
}

// carryOut moves the role and waits for the new active. Whatever happens, it removes the constraint.
func (m movePlan) carryOut(ctx context.Context, out io.Writer, timeout time.Duration, r *actionReport) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	watch := newWriteWatch(m)
	watch.ask(ctx) // at least once before anything moves
	watching, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		watch.run(watching)
	}()
	began := time.Now()
	err := m.move(ctx, timeout+moveGrace)
	if err == nil {
		err = m.await(ctx, out, watch)
	}
	took := time.Since(began)
	left := m.clear(ctx)
	stop()
	<-ended
	if err != nil {
		return refused(errors.Join(err, left))
	}
	r.took(took)
	r.Databases = watch.databases()
	constraint := "no constraint is left"
	if left != nil {
		constraint = "its constraint may be left"
	}
	if _, err := fmt.Fprintf(out, "node %s leads after %s; %s\n%s", m.to, rounded(took), constraint, watch.text()); err != nil {
		return err
	}
	if left != nil {
		return refused(fmt.Errorf("the role was moved, but: %w", left))
	}
	return nil
}

// move has the cluster move the role. It is not broken off half-way.
func (m movePlan) move(ctx context.Context, lifetime time.Duration) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("nothing was done: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
	defer cancel()
	return pacemaker.MovePromoted(ctx, m.clone, m.to, lifetime)
}

// clear removes the constraint, and looks whether it is gone.
func (m movePlan) clear(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
	defer cancel()
	err := pacemaker.ClearMove(ctx, m.clone, m.to)
	if err == nil {
		var left string
		if left, err = m.conflict(ctx); err == nil && left != "" {
			err = fmt.Errorf("the constraint %s is still there", left)
		}
	}
	if err != nil {
		return fmt.Errorf("%w; it expires by itself, or remove it with: crm_resource --clear --resource %s --node %s", err, m.clone, m.to)
	}
	return nil
}

// rounded is a duration for a person.
func rounded(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
