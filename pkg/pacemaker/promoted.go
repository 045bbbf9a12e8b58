package pacemaker

import (
	"context"
	"slices"
)

// PromotedNode implements [control.Cluster] by one call of crm_mon.
func (r Resource) PromotedNode(ctx context.Context) (string, error) {
	text, err := clusterState(ctx, "--one-shot", "--output-as=xml")
	if err != nil {
		return "", err
	}
	return r.ParsePromoted(text)
}

// ParsePromoted reads the XML of crm_mon, and returns the node on which the resource is promoted; empty if
// there is none, more than one, or the node is lost: a dead one keeps its role until it is fenced. Text
// that is not XML is ErrUnreadable.
func (r Resource) ParsePromoted(text []byte) (string, error) {
	doc, err := parseMon(text)
	if err != nil {
		return "", err
	}
	var promoted []string
	for _, resource := range doc.resources() {
		for _, i := range resource.instances() {
			if i.Resource == r.Instance && i.Role == "Promoted" && !i.Failed {
				promoted = append(promoted, i.Node)
			}
		}
	}
	works := func(n monNode) bool { return len(promoted) == 1 && n.Name == promoted[0] && n.Online && !n.Unclean }
	if !slices.ContainsFunc(doc.Nodes, works) {
		return "", nil
	}
	return promoted[0], nil
}
