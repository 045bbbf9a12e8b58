package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"ovndb-servers/pkg/pacemaker"
)

type pauseOptions struct{ actOptions }

const pauseHelp = `Take the resource into maintenance, by its meta-attribute maintenance: Pacemaker neither
monitors, restarts, moves nor fails over its instances, on any node, until it is resumed.
The servers run on, and the backups go on replicating. Other resources, such as the
virtual address, stay managed.

While the resource is paused nothing takes over from an active that dies.`

const resumeHelp = `Take the resource out of maintenance again. Pacemaker looks at all its instances at once,
and acts on what it finds.`

const pauseCodes = `

Exit codes: 0 done, or so already, 1 refused, or the cluster does not say so, 3 the state
could not be found out, 107 not confirmed; the others are those of all commands.`

// pausing is one of the two commands.
type pausing struct {
	// paused is the state that the command is for.
	paused bool
	// effect says what will be done, already that it is so, question asks a person, logged is for the log.
	effect, already, question, logged string
	do                                func(ctx context.Context, clone string) error
}

func newPauseCommand(p program) *cobra.Command {
	return newPausingCommand(p, "pause", "Have Pacemaker leave the resource alone: no failover, no monitor", pauseHelp, pausing{
		paused:   true,
		effect:   "goes into maintenance: Pacemaker neither monitors, restarts, moves nor fails over its instances, on any node",
		already:  "is paused; to end that: ovndb-servers resume",
		question: "Pause it?", logged: "an operator takes the resource into maintenance",
		do: pacemaker.Pause,
	})
}

func newResumeCommand(p program) *cobra.Command {
	return newPausingCommand(p, "resume", "Have Pacemaker take care of the resource again", resumeHelp, pausing{
		effect:   "leaves maintenance: Pacemaker looks at its instances on all nodes at once, and acts on what it finds",
		already:  "is not paused",
		question: "Resume it?", logged: "an operator takes the resource out of maintenance",
		do: pacemaker.Resume,
	})
}

func newPausingCommand(p program, name, short, long string, c pausing) *cobra.Command {
	var o pauseOptions
	cmd := &cobra.Command{
		Use: name, Short: short, Long: long + pauseCodes,
		Example: "  ovndb-servers " + name + "\n  ovndb-servers " + name + " --yes",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.output.act(cmd, func(out io.Writer, r *actionReport) error { return c.run(cmd, p, o, out, r) })
		},
	}
	o.addActFlags(cmd, statusTimeout)
	return cmd
}

func (c pausing) run(cmd *cobra.Command, p program, o pauseOptions, out io.Writer, r *actionReport) error {
	t, clone, paused, err := o.find(cmd.Context())
	if err != nil {
		return err
	}
	resource := t.controller.Instance
	r.Resource = resource
	if paused == c.paused {
		_, err := fmt.Fprintf(out, "resource %s (%s) %s\n", resource, clone, c.already)
		return errors.Join(err, c.check(cmd.Context(), t, o.timeout))
	}
	if _, err := fmt.Fprintf(out, "resource %s (%s) %s\n", resource, clone, c.effect); err != nil {
		return err
	}
	if err := confirm(cmd.Context(), p, out, o.yes, c.question); err != nil {
		return err
	}
	operatorLog(cmd, resource).WithField("clone", clone).Warn(c.logged)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(cmd.Context()), commandTimeout)
	defer cancel()
	if err := c.do(ctx, clone); err != nil {
		return refused(err)
	}
	if err := c.check(cmd.Context(), t, o.timeout); err != nil {
		return err
	}
	_, err = io.WriteString(out, "done\n")
	return err
}

// find finds the resource, its clone, and whether that is paused.
func (o pauseOptions) find(ctx context.Context) (t target, clone string, paused bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	t, err = o.clusterTarget(ctx)
	if err != nil {
		return t, "", false, err
	}
	placement, err := pacemaker.Resource{Instance: t.controller.Instance}.Placement(ctx)
	if err != nil {
		return t, "", false, err
	}
	paused, err = pacemaker.Paused(ctx, placement.Clone)
	return t, placement.Clone, paused, err
}

// check waits until the cluster shows all instances managed, or none, as the command wants.
func (c pausing) check(ctx context.Context, t target, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ticker := time.NewTicker(moveInterval)
	defer ticker.Stop()
	for {
		node, err := c.differs(ctx, t)
		if err == nil && node == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(err, refused(c.unlike(t, node)))
		case <-ticker.C:
		}
	}
}

// differs returns a node on which the resource is not managed as the command wants it; empty if there
// is none.
func (c pausing) differs(ctx context.Context, t target) (string, error) {
	for _, i := range t.view.Instances {
		if i.Resource != t.controller.Instance {
			continue
		}
		managed, err := t.controller.Cluster.Managed(ctx, i.Node)
		if err != nil || managed == c.paused {
			return i.Node, err
		}
	}
	return "", nil
}

func (c pausing) unlike(t target, node string) error {
	if c.paused {
		return fmt.Errorf("the cluster still manages resource %s on node %s; see: crm_mon -1rf", t.controller.Instance, node)
	}
	return fmt.Errorf("the cluster still does not manage resource %s on node %s: the node or the cluster is in maintenance, or is-managed is false; "+
		"see: crm_mon -1rf, crm_attribute -N %s -n maintenance -G, crm_attribute -n maintenance-mode -G", t.controller.Instance, node, node)
}
