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
}

func (a attribute) set(ctx context.Context, value string) error {
	return a.update(ctx, "-U", value)
}

// setOn sets the attribute of the given node, or of this one if that is empty.
func (a attribute) setOn(ctx context.Context, node, value string) error {
	if node == "" {
		return a.set(ctx, value)
	}
	return a.update(ctx, "-N", node, "-U", value)
}

func (a attribute) clear(ctx context.Context) error {
	return a.update(ctx, "-D")
}

func (a attribute) update(ctx context.Context, change ...string) error {
	args := append([]string{"-n", a.name}, change...)
	if a.private {
		// The flag acts at the creation of an attribute, which any call can be.
		args = append(args, "-p")
	}
	if _, err := process.Run(ctx, attrdUpdater, args...); err != nil {
		return fmt.Errorf("cannot change node attribute %s: %w", a.name, err)
	}
	return nil
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

// value returns the attribute's value on this node; empty if it has none.
func (a attribute) value(ctx context.Context) (string, error) {
	out, err := a.query(ctx)
	if err != nil || out == "" {
		return "", err
	}
	values, _, err := ParseAttributeValues(a.name, out)
	for _, value := range values { // it is asked for on one node
		return value, err
	}
	return "", err
}

// query returns what attrd_updater prints of the attribute, empty if no node has ever had it.
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

// unknownAttribute reports whether what attrd_updater printed before it failed means that no node
// has set the attribute yet. The exit code differs between versions; the text has been the same
// since 1.1.13 (tools/attrd_updater.c: "Could not query value of %s: attribute does not
// exist"), and is a part of the XML.
func unknownAttribute(out string, err error) bool {
	const text = "attribute does not exist"
	failed := new(process.RunError)
	return strings.Contains(out, text) || errors.As(err, &failed) && strings.Contains(failed.Stderr, text)
}
