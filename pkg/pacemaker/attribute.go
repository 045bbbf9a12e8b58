package pacemaker

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

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

// actionVariables is the prefix of the variables by which Pacemaker describes an action
// to its agent. If one of them is set, CRM_meta_on_node, the attrd_updater of Pacemaker
// 2.1.5 answers for this node alone, in spite of --all.
const actionVariables = "OCF_RESKEY_CRM_meta_"

// values returns the attribute's non-empty values by node name; none if no
// node has ever had the attribute.
func (a attribute) values(ctx context.Context) (map[string]string, error) {
	out, err := process.RunWithout(ctx, actionVariables, attrdUpdater, "-n", a.name, "-Q", "-A")
	if err != nil {
		if unknownAttribute(err) {
			return map[string]string{}, nil
		}
		return nil, fmt.Errorf("cannot query node attribute %s: %w", a.name, err)
	}
	return ParseAttributeValues(a.name, out)
}

// unknownAttribute reports whether an error means that no node has set the attribute
// yet. The exit code differs between versions; the text has been the same since 1.1.13
// (tools/attrd_updater.c: "Could not query value of %s: attribute does not exist").
func unknownAttribute(err error) bool {
	failed := new(process.RunError)
	return errors.As(err, &failed) && strings.Contains(failed.Stderr, "attribute does not exist")
}

// ErrUnreadable is returned when a cluster program prints another form of text than
// is documented.
var ErrUnreadable = errors.New("the cluster manager's answer cannot be read")

// ParseAttributeValues reads the output of attrd_updater --query --all, a line of
//
//	name="NAME" host="NODE" value="VALUE"
//
// for each node (lib/pacemaker and tools/attrd_updater.c of Pacemaker 2.0 to
// 3.0), and returns the values that are not empty, by node. Lines of other
// attributes are passed over; a line of another form is ErrUnreadable.
func ParseAttributeValues(name, out string) (map[string]string, error) {
	line := regexp.MustCompile(`^name="([^"]*)" host="([^"]*)" value="([^"]*)"$`)
	values := map[string]string{}
	for text := range strings.Lines(out) {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		m := line.FindStringSubmatch(text)
		if m == nil {
			return nil, fmt.Errorf("%w: attribute %s: %s", ErrUnreadable, name, strconv.Quote(text))
		}
		if m[1] == name && m[3] != "" {
			values[m[2]] = m[3]
		}
	}
	return values, nil
}
