package cluster

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"
)

// AwaitIdle waits until Pacemaker has no action left. Right after a fault it may not have
// noticed the fault yet. Unlike crm_resource --wait it does not sleep for two seconds first.
func (c *Cluster) AwaitIdle(ctx context.Context) error {
	return c.AwaitThat(ctx, "Pacemaker to have nothing left to do", c.idle)
}

// idle returns an error while the coordinator is at work, or the configuration and the state of the
// cluster ask for an action: the coordinator need not have looked at them yet.
func (c *Cluster) idle(ctx context.Context) error {
	view, err := c.View(ctx)
	if err != nil {
		return err
	}
	if view.DC == "" {
		return errors.New("no coordinator")
	}
	state, err := c.Control(ctx, "crmadmin", "--status", view.DC)
	if err != nil {
		return err
	}
	if !strings.Contains(state, "S_IDLE") {
		return errors.New(state)
	}
	simulate := []string{"crm_simulate", "--live-check", "--simulate"}
	text, err := c.MustExec(ctx, view.From, append(simulate, "--output-as=xml")...)
	if err != nil {
		return err
	}
	if strings.HasPrefix(text, "<") {
		return parseTransition([]byte(text))
	}
	// Pacemaker 2.0 knows no XML here, and says so with exit code 0.
	if text, err = c.MustExec(ctx, view.From, simulate...); err != nil {
		return err
	}
	return parseTransitionText(text)
}

// parseTransition reads what crm_simulate would do, by its XML (xml/api/crm_simulate-2.x.rng of Pacemaker).
// It returns an error that names the first action.
func parseTransition(text []byte) error {
	var result struct {
		Transition struct {
			Actions []struct {
				Task     string `xml:"task,attr"`
				Op       string `xml:"op,attr"`
				Resource string `xml:"resource,attr"`
				Node     string `xml:"node,attr"`
			} `xml:",any"`
		} `xml:"transition"`
	}
	if err := xml.Unmarshal(text, &result); err != nil {
		return fmt.Errorf("cannot parse crm_simulate's output: %w", err)
	}
	var left []string
	for _, a := range result.Transition.Actions {
		left = append(left, strings.Join(strings.Fields(a.Task+" "+a.Op+" "+a.Resource+" "+a.Node), " "))
	}
	return actionsLeft(left)
}

// parseTransitionText is [parseTransition] of what crm_simulate of Pacemaker 2.0 prints.
func parseTransitionText(text string) error {
	_, transition, begun := strings.Cut(text, "Executing cluster transition:")
	transition, _, ended := strings.Cut(transition, "Revised cluster status:")
	if !begun || !ended {
		return fmt.Errorf("cannot parse crm_simulate's output: %q", lastLines(text, 3))
	}
	var left []string
	for line := range strings.Lines(transition) {
		if action, found := strings.CutPrefix(strings.TrimSpace(line), "* "); found {
			left = append(left, strings.Join(strings.Fields(action), " "))
		}
	}
	return actionsLeft(left)
}

// actionsLeft returns an error that names the first of the actions that are left, if there are any.
func actionsLeft(actions []string) error {
	if len(actions) == 0 {
		return nil
	}
	return fmt.Errorf("%d actions are left, the first is %s", len(actions), actions[0])
}
