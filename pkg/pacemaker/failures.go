package pacemaker

import (
	"context"
	"encoding/xml"
	"fmt"
	"regexp"

	"ovndb-servers/pkg/process"
)

// ForgiveFailedPromotion removes the fail count of this node's promotions,
// which is a node attribute since Pacemaker 1.1.17.
func (r Resource) ForgiveFailedPromotion(ctx context.Context) error {
	return r.forgive(ctx, "promote_0")
}

// ForgiveFailures removes the fail counts of this node's monitors, and of failures that were
// reported to the cluster by [Resource.Fail]: for an instance that works again. Those of starts,
// stops and promotions stay. The instance is not probed, as it would be by crm_resource
// --cleanup, which removes the whole history; so crm_mon lists the failures until then.
func (r Resource) ForgiveFailures(ctx context.Context) error {
	node := r.Node.Name
	if node == "" {
		var err error
		if node, err = LocalNode(ctx); err != nil {
			return err
		}
	}
	operations, err := r.failedMonitors(ctx, node)
	for _, operation := range operations {
		if err := r.forgive(ctx, operation); err != nil {
			return err
		}
	}
	return err
}

// failedMonitors returns the operations with a fail count that tell of the resource's state, as
// their attributes name them: monitor_INTERVAL and asyncmon_0 (pcmk__op_key in
// lib/common/actions.c of Pacemaker).
func (r Resource) failedMonitors(ctx context.Context, node string) ([]string, error) {
	xpath := fmt.Sprintf(`//node_state[@uname="%s"]/transient_attributes//nvpair[starts-with(@name,"fail-count-%s#")]`, node, r.Instance)
	out, err := runCIBAdmin(ctx, "--query", "--xpath", xpath)
	if exitCode(err) == exitNoSuchValue {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read the fail counts of %s: %w", r.Instance, err)
	}
	return r.parseFailedMonitors(out)
}

// parseFailedMonitors reads the output of cibadmin: one element, or several in another.
func (r Resource) parseFailedMonitors(out string) ([]string, error) {
	var found struct {
		Name  string   `xml:"name,attr"`
		Pairs []nvpair `xml:"nvpair"`
	}
	if err := xml.Unmarshal([]byte(out), &found); err != nil {
		return nil, fmt.Errorf("cannot read the fail counts of %s: %w: %s: %w", r.Instance, ErrUnreadable, cibadmin, err)
	}
	form := regexp.MustCompile(`^fail-count-` + regexp.QuoteMeta(r.Instance) + `#((?:asyncmon|monitor)_[0-9]+)$`)
	var operations []string
	for _, pair := range append(found.Pairs, nvpair{Name: found.Name}) {
		if m := form.FindStringSubmatch(pair.Name); m != nil {
			operations = append(operations, m[1])
		}
	}
	return operations, nil
}

// forgive removes the fail count of an operation on this node.
func (r Resource) forgive(ctx context.Context, operation string) error {
	for _, kind := range []string{"fail-count-", "last-failure-"} {
		if err := r.own(kind + r.Instance + "#" + operation).clear(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Fail reports to the cluster that the resource has failed on a node, like a monitor
// that found it so (crm_resource --fail).
func (r Resource) Fail(ctx context.Context, node string) error {
	if _, err := process.Run(ctx, crmResource, "--fail", "-r", r.Instance, "-N", node); err != nil {
		return fmt.Errorf("cannot report the failure of %s on node %s: %w", r.Instance, node, err)
	}
	return nil
}
