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
	text, err := c.Control(ctx, "crm_simulate", "--live-check", "--simulate", "--output-as=xml")
	if err != nil {
		return err
	}
	return parseTransition([]byte(text))
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
	actions := result.Transition.Actions
	if len(actions) == 0 {
		return nil
	}
	first := actions[0]
	return fmt.Errorf("%d actions are left, the first is %s", len(actions),
		strings.Join(strings.Fields(first.Task+" "+first.Op+" "+first.Resource+" "+first.Node), " "))
}
