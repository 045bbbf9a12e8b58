package pacemaker

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const (
	// infinity is the least score that Pacemaker counts as infinite (include/crm/common/scores.h).
	infinity = 1_000_000
	// maxExitReason bounds the part of an operation's exit reason that is passed on, in bytes.
	maxExitReason = 100
)

// Unable implements [control.Cluster] by one call of crm_mon. Each reason ends with the command
// that helps.
func (r Resource) Unable(ctx context.Context) (map[string]string, error) {
	text, err := clusterState(ctx, "--one-shot", "--output-as=xml", "--inactive")
	if err != nil {
		return nil, err
	}
	return r.ParseUnable(text)
}

// ParseUnable reads the XML of crm_mon --inactive (xml/api/crm_mon-2.x.rng, nodes-2.x.rng,
// failure-2.8.rng and bans-2.x.rng of Pacemaker 2.0 to 3.0), and returns the nodes that cannot
// take the promoted role, with the reason. Text that is not XML is ErrUnreadable.
func (r Resource) ParseUnable(text []byte) (map[string]string, error) {
	doc, err := parseMon(text)
	if err != nil {
		return nil, err
	}
	unable := map[string]string{}
	for _, n := range doc.Nodes {
		reasons := []string{n.unable(), doc.banned(r.Instance, n.Name), doc.instanceUnable(r.Instance, n.Name), doc.failure(r.Instance, n.Name)}
		if i := slices.IndexFunc(reasons, func(s string) bool { return s != "" }); i >= 0 {
			unable[n.Name] = reasons[i]
		}
	}
	return unable, nil
}

// unable is why no resource is promoted on the node, empty if it may be.
func (n monNode) unable() string {
	switch {
	case n.Unclean:
		return "unclean; if it is off, confirm that with: stonith_admin --confirm " + n.Name
	case n.Pending: // it joins the cluster, and may be able soon
		return ""
	case !n.Online && n.Container != "":
		return "offline; see its container: crm_resource --locate -r " + printable(n.Container)
	case !n.Online && n.Type == remoteType:
		return "offline; on that node: systemctl start pacemaker_remote"
	case !n.Online:
		return "offline; on that node: systemctl start pacemaker"
	case n.Maintenance:
		return "in maintenance; end it with: crm_attribute -N " + n.Name +
			" -n maintenance -D, or for the whole cluster: crm_attribute -n maintenance-mode -D"
	case n.StandbyOnFail:
		return "in standby after a failure; then: crm_resource --cleanup -N " + n.Name
	case n.Standby:
		return "in standby; end it with: crm_standby -D -N " + n.Name
	default:
		return ""
	}
}

// banned is the constraint that keeps a resource's promoted role away from a node, empty if there
// is none. A score above -INFINITY only prefers other nodes.
func (d monDocument) banned(resource, node string) string {
	names := d.holders(resource)
	for _, b := range d.Bans {
		if b.Node != node || !slices.Contains(names, b.Resource) || parseScore(b.Weight) > -infinity {
			continue
		}
		if strings.HasPrefix(b.ID, "cli-") { // as crm_resource --move and --ban name theirs
			return fmt.Sprintf("banned by %s; lift it with: crm_resource --clear -r %s -N %s", printable(b.ID), printable(b.Resource), node)
		}
		return fmt.Sprintf("banned by constraint %s; see: crm_resource --constraints -r %s", printable(b.ID), printable(b.Resource))
	}
	return ""
}

// instanceUnable is why the instance of a resource on a node is not promoted, empty if it may be.
func (d monDocument) instanceUnable(resource, node string) string {
	cleanup := fmt.Sprintf("; after the repair: crm_resource --cleanup -r %s -N %s", resource, node)
	for _, instance := range d.resources() {
		if instance.name() != resource || !instance.runsOn(node) {
			continue
		}
		switch {
		case instance.Blocked:
			return "blocked, as it could not be stopped" + cleanup
		case instance.Managed == "false":
			return "not managed; end that with: crm_resource -r " + resource + " --meta -d is-managed"
		case instance.Failed:
			return "failed and not recovered yet" + cleanup
		}
	}
	return ""
}

// failure is the failed start or promotion of a resource on a node, empty if there is none. One
// stays listed after its fail count was removed: then the cluster tries again.
func (d monDocument) failure(resource, node string) string {
	count, threshold := d.failCount(resource, node)
	if count == 0 {
		return ""
	}
	cleanup := fmt.Sprintf("; after the repair: crm_resource --cleanup -r %s -N %s", resource, node)
	for _, f := range d.Failures {
		name, known := strings.CutSuffix(f.Key, "_"+f.Task+"_0")
		if !known || f.Node != node || baseName(name) != resource || f.Task != "start" && f.Task != "promote" {
			continue
		}
		if reason := printable(f.Reason); reason != "" {
			return f.Task + " failed: " + reason + cleanup
		}
		return f.Task + " failed" + cleanup
	}
	if threshold > 0 && count >= threshold {
		return "failed too often" + cleanup
	}
	return ""
}

// failCount returns how often a resource has failed on a node, and how often it may; 0 if that
// is not known.
func (d monDocument) failCount(resource, node string) (count, threshold int) {
	for _, n := range d.History {
		for _, h := range n.Resources {
			if n.Name == node && baseName(h.ID) == resource {
				count, threshold = max(count, parseScore(h.FailCount)), max(threshold, parseScore(h.Threshold))
			}
		}
	}
	return count, threshold
}

// parseScore reads a score or fail count; one that cannot be read is 0.
func parseScore(text string) int {
	switch text {
	case "INFINITY", "+INFINITY":
		return infinity
	case "-INFINITY":
		return -infinity
	}
	score, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return score
}

// printable returns the beginning of a text that others have written, on one line.
func printable(text string) string {
	text = strings.Map(func(c rune) rune {
		if c == unicode.ReplacementChar || !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	return strings.ToValidUTF8(text[:min(len(text), maxExitReason)], "")
}
