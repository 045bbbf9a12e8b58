package pacemaker

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"strings"

	"ovndb-servers/pkg/process"
)

// unmanaging finds all in a CIB by which an instance can be unmanaged: a property, a meta attribute or a
// node's attribute; and a stop that failed (one that is pending has the status -1), or any failure of an
// operation whose on-fail is block (unpack_config, pe__resource_is_managed and process_rsc_state of
// Pacemaker's scheduler).
const unmanaging = `//nvpair[@name="maintenance-mode" or @name="maintenance" or @name="is-managed" or @name="is-managed-default"` +
	` or (@name="on-fail" and @value="block")] | //op[@on-fail="block"] | //lrm_rsc_op[@operation="stop" and @rc-code!="0" and @op-status!="-1"]`

// Managed implements [control.Cluster]. Where the CIB has nothing that makes an instance unmanaged,
// crm_mon is not asked, which takes ten times as long.
func (r Resource) Managed(ctx context.Context, node string) (bool, error) {
	if _, err := runCIBAdmin(ctx, "--query", "--xpath", unmanaging); exitCode(err) == exitNoSuchValue {
		return true, nil
	}
	text, err := clusterState(ctx, "--one-shot", "--output-as=xml", "--inactive")
	if err != nil {
		return true, err
	}
	return r.ParseManaged(text, node)
}

// RecordWhereManaged implements [control.Cluster] by one call of cibadmin.
func (r Resource) RecordWhereManaged(ctx context.Context) (text string, managed bool, err error) {
	out, err := runCIBAdmin(ctx, "--query", "--xpath", fmt.Sprintf(`//nvpair[@id="%s"] | %s`, r.recordID(), unmanaging))
	if exitCode(err) == exitNoSuchValue {
		return "", true, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("cannot read the cluster record: %w", err)
	}
	type match struct {
		ID    string `xml:"id,attr"`
		Value string `xml:"value,attr"`
	}
	var found struct {
		match

		Several []match `xml:",any"` // in an element xpath-query
	}
	if err := xml.Unmarshal([]byte(out), &found); err != nil {
		return "", false, fmt.Errorf("cannot read the cluster record: %w: %s: %w", ErrUnreadable, cibadmin, err)
	}
	for _, m := range append(found.Several, found.match) {
		if m.ID == r.recordID() {
			return m.Value, len(found.Several) == 0, nil
		}
	}
	return "", false, nil
}

// ParseManaged reads the XML of crm_mon and reports whether the cluster manages the resource on a
// node. A resource that is not shown there counts as managed. Text that is not XML is
// ErrUnreadable.
func (r Resource) ParseManaged(text []byte, node string) (bool, error) {
	doc, err := parseMon(text)
	if err != nil {
		return true, err
	}
	for _, n := range doc.Nodes {
		if n.Name == node && n.Maintenance {
			return false, nil
		}
	}
	for _, instance := range doc.resources() {
		if instance.name() == r.Instance && instance.runsOn(node) && instance.Managed == "false" {
			return false, nil
		}
	}
	return true, nil
}

// Quorate implements [control.Cluster].
func (r Resource) Quorate(ctx context.Context) (bool, error) {
	out, err := process.Run(ctx, crmNode, "-q")
	if errors.Is(err, process.ErrProgramMissing) {
		return quorateByView(ctx)
	}
	if err != nil {
		return false, fmt.Errorf("cannot learn whether this node's partition has quorum: %w", err)
	}
	switch strings.TrimSpace(out) {
	case "1":
		return true, nil
	case "0":
		return false, nil
	default:
		return false, fmt.Errorf("cannot learn whether this node's partition has quorum: %w: %s prints %q", ErrUnreadable, crmNode, out)
	}
}

// quorateByView asks crm_mon in the place of crm_node, which some distributions do not install on
// nodes of Pacemaker Remote.
func quorateByView(ctx context.Context) (bool, error) {
	text, err := clusterState(ctx, "--one-shot", "--output-as=xml")
	if err != nil {
		return false, err
	}
	doc, err := parseMon(text)
	if err == nil && doc.DC.Quorum != "true" && doc.DC.Quorum != "false" {
		err = fmt.Errorf("cannot learn whether this node's partition has quorum: %w: %s says %q", ErrUnreadable, crmMon, doc.DC.Quorum)
	}
	return doc.DC.Quorum == "true", err
}
