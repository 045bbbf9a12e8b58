package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// attribute is one transient node attribute of a resource.
type attribute struct {
	name string
	// private attributes are never written to the CIB, so that a change of one
	// does not abort the transition it is made in.
	private bool
	// node is whose attribute is set, cleared and read; the tools choose one if it is empty.
	node string
	// remote says that this node, which need not be the one above, runs Pacemaker Remote.
	remote bool
}

func (a attribute) set(ctx context.Context, value string) error {
	return a.update(ctx, value, "-U", value)
}

func (a attribute) clear(ctx context.Context) error { return a.update(ctx, "", "-D") }

// update makes a change. A value that attrd_updater sets for a node without Corosync, the attribute
// manager never writes to the CIB, as it takes that for a node of Corosync that it does not know
// yet. One that crm_attribute sets it does write ("Cannot update ... because node's UUID is
// unknown", seen with 3.0.0).
func (a attribute) update(ctx context.Context, value string, change ...string) error {
	program, args := attrdUpdater, append([]string{"-n", a.name}, append(a.on(), change...)...)
	switch {
	case a.private:
		// The flag acts at the creation of an attribute, which any call can be.
		args = append(args, "-p")
	case a.remote && value != "":
		program, args = crmAttribute, append(a.lasting(), "--update", value)
	case a.remote:
		program, args = crmAttribute, append(a.lasting(), "--delete")
	}
	if _, err := process.Run(ctx, program, args...); err != nil {
		return fmt.Errorf("cannot change node attribute %s: %w", a.name, err)
	}
	return nil
}

// on returns the option of attrd_updater for the node.
func (a attribute) on() []string {
	if a.node == "" {
		return nil
	}
	return []string{"-N", a.node}
}

// lasting returns the arguments of crm_attribute for the attribute, which lasts until a reboot.
func (a attribute) lasting() []string {
	args := []string{"--name", a.name, "--lifetime", "reboot"}
	if a.node != "" {
		args = append(args, "--node", a.node)
	}
	return args
}

// values returns the attribute's non-empty values by node name; none if no
// node has ever had the attribute.
func (a attribute) values(ctx context.Context) (map[string]string, error) {
	out, err := a.query(ctx, "-A")
	if err != nil || out == "" {
		return map[string]string{}, err
	}
	values, _, err := ParseAttributeValues(a.name, out)
	return values, err
}

// value returns the attribute's value on its node; empty if it has none.
func (a attribute) value(ctx context.Context) (string, error) {
	out, err := a.query(ctx, a.on()...)
	if err != nil || out == "" {
		return "", err
	}
	values, _, err := ParseAttributeValues(a.name, out)
	for _, value := range values { // it is asked for on one node
		return value, err
	}
	return "", err
}

// query returns the output of attrd_updater for the attribute, empty if no node has ever had it.
func (a attribute) query(ctx context.Context, which ...string) (string, error) {
	query := append([]string{"-n", a.name, "-Q"}, which...)
	out, err := process.RunWithout(ctx, control.ActionVariables, attrdUpdater, append(query, "--output-as=xml")...)
	if exitCode(err) == exitUsage { // Pacemaker 2.0 knows no XML here
		out, err = process.RunWithout(ctx, control.ActionVariables, attrdUpdater, query...)
	}
	switch {
	case err != nil && unknownAttribute(out, err):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("cannot query node attribute %s: %w", a.name, err)
	default:
		return out, nil
	}
}

// unknownAttribute reports whether the output of an attrd_updater that failed means that no node
// has set the attribute yet. The exit code differs between versions; the text has been the same
// since 1.1.13 (tools/attrd_updater.c: "Could not query value of %s: attribute does not
// exist"), and is a part of the XML.
func unknownAttribute(out string, err error) bool {
	const text = "attribute does not exist"
	failed := new(process.RunError)
	return strings.Contains(out, text) || errors.As(err, &failed) && strings.Contains(failed.Stderr, text)
}
