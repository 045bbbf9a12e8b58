package pacemaker

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/process"
)

// Placement is where the constraints of crm_resource --move and --ban want a resource.
type Placement struct {
	// Clone is the name of the clone or group that the resource is in, its own if it is in none.
	Clone string
	// Constraints are those of the resource and of all that it is in.
	Constraints []Constraint
}

// Constraint is a location constraint that crm_resource --move or --ban has made.
type Constraint struct {
	ID string
	// Resource is the resource, clone or group that it is of.
	Resource string
	// Expires is when it ends by itself; zero if it does not, or if that cannot be read.
	Expires time.Time
}

// InEffect reports whether the constraint still counts.
func (c Constraint) InEffect(now time.Time) bool { return c.Expires.IsZero() || now.Before(c.Expires) }

// Placement asks for the clone of the resource and for the constraints that crm_resource has made.
func (r Resource) Placement(ctx context.Context) (Placement, error) {
	text, err := clusterState(ctx, "--one-shot", "--output-as=xml", "--inactive")
	if err != nil {
		return Placement{}, err
	}
	doc, err := parseMon(text)
	if err != nil {
		return Placement{}, err
	}
	names := doc.holders(r.Instance)
	out, err := runCIBAdmin(ctx, "--query", "--scope", "constraints")
	if err != nil && exitCode(err) != exitNoSuchValue {
		return Placement{}, fmt.Errorf("cannot read the constraints of %s: %w", r.Instance, err)
	}
	constraints, err := parseConstraints(out, names)
	if err != nil {
		return Placement{}, fmt.Errorf("cannot read the constraints of %s: %w", r.Instance, err)
	}
	return Placement{Clone: names[len(names)-1], Constraints: constraints}, nil
}

// locationXML is a location constraint; crm_resource gives one with a lifetime a rule.
type locationXML struct {
	ID       string `xml:"id,attr"`
	Resource string `xml:"rsc,attr"`
	Rule     struct {
		Date struct {
			End string `xml:"end,attr"`
		} `xml:"date_expression"`
	} `xml:"rule"`
}

// parseConstraints reads the constraints section of the CIB, empty if there is none.
func parseConstraints(text string, names []string) ([]Constraint, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	var doc struct {
		Locations []locationXML `xml:"rsc_location"`
	}
	if err := xml.Unmarshal([]byte(text), &doc); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnreadable, cibadmin, err)
	}
	var found []Constraint
	for _, l := range doc.Locations {
		made := strings.HasPrefix(l.ID, "cli-prefer-") || strings.HasPrefix(l.ID, "cli-ban-")
		if made && slices.Contains(names, l.Resource) {
			found = append(found, Constraint{ID: l.ID, Resource: l.Resource, Expires: parseDate(l.Rule.Date.End)})
		}
	}
	return found, nil
}

// parseDate reads a time as crm_resource writes it (crm_time_as_string in lib/common/iso8601.c of
// Pacemaker), zero if it cannot be read.
func parseDate(text string) time.Time {
	for _, form := range []string{"2006-01-02 15:04:05 Z07:00", "2006-01-02 15:04:05Z07:00"} {
		if t, err := time.Parse(form, text); err == nil {
			return t
		}
	}
	return time.Time{}
}

// MovePromoted has the cluster prefer a node for the promoted role of a clone, by a constraint that
// expires. It replaces those of earlier moves, and lifts a ban of crm_resource from that node.
func MovePromoted(ctx context.Context, clone, node string, lifetime time.Duration) error {
	move := func(role string) error {
		_, err := process.Run(ctx, crmResource, "--resource", clone, "--move", role, "--node", node,
			"--lifetime", fmt.Sprintf("PT%dS", int(lifetime.Seconds())))
		return err
	}
	err := move("--promoted")
	if exitCode(err) == exitUsage { // Pacemaker 2.0
		err = move("--master")
	}
	if err != nil {
		return fmt.Errorf("cannot move the promoted role of %s to node %s: %w", clone, node, err)
	}
	return nil
}

// ClearMove removes the constraint of MovePromoted. It tries until ctx ends.
func ClearMove(ctx context.Context, clone, node string) error {
	return untilDone(ctx, func() error {
		if _, err := process.Run(ctx, crmResource, "--resource", clone, "--clear", "--node", node); err != nil {
			return fmt.Errorf("cannot remove the constraint cli-prefer-%s: %w", clone, err)
		}
		return nil
	})
}

// untilDone repeats a call that changes nothing if it has succeeded before, until it succeeds or
// ctx ends.
func untilDone(ctx context.Context, do func() error) error {
	for {
		err := do()
		if err == nil || errors.Is(err, process.ErrProgramMissing) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(retryInterval):
		}
	}
}

// maintenance is the meta-attribute of a resource that the cluster neither monitors nor changes.
const maintenance = "maintenance"

// Paused reports whether a clone has the meta-attribute maintenance, whatever node or cluster have.
func Paused(ctx context.Context, clone string) (bool, error) {
	xpath := fmt.Sprintf(`//*[@id="%s"]/meta_attributes/nvpair[@name="%s"]`, clone, maintenance)
	out, err := runCIBAdmin(ctx, "--query", "--xpath", xpath)
	if exitCode(err) == exitNoSuchValue {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("cannot learn whether %s is in maintenance: %w", clone, err)
	}
	values, err := parseValues(out)
	if err != nil {
		return false, fmt.Errorf("cannot learn whether %s is in maintenance: %w", clone, err)
	}
	return slices.ContainsFunc(values, isTrue), nil
}

// isTrue reads a boolean as Pacemaker does (crm_str_to_boolean).
func isTrue(text string) bool {
	return slices.Contains([]string{"true", "on", "yes", "y", "1"}, strings.ToLower(text))
}

// Pause sets the meta-attribute maintenance of a clone: the cluster leaves all its instances as they
// are.
func Pause(ctx context.Context, clone string) error {
	if _, err := process.Run(ctx, crmResource, "--resource", clone, "--meta", "--set-parameter", maintenance, "--parameter-value", "true"); err != nil {
		return fmt.Errorf("cannot take %s into maintenance: %w", clone, err)
	}
	return nil
}

// Resume takes Pause back.
func Resume(ctx context.Context, clone string) error {
	if _, err := process.Run(ctx, crmResource, "--resource", clone, "--meta", "--delete-parameter", maintenance); err != nil {
		return fmt.Errorf("cannot take %s out of maintenance: %w", clone, err)
	}
	return nil
}
