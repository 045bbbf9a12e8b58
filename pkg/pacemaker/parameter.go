package pacemaker

import (
	"context"
	"fmt"

	"ovndb-servers/pkg/process"
)

// Parameter returns a parameter of the resource as it is configured, empty if it is not set.
func (r Resource) Parameter(ctx context.Context, name string) (string, error) {
	xpath := fmt.Sprintf(`//primitive[@id="%s"]/instance_attributes/nvpair[@name="%s"]`, r.Instance, name)
	out, err := process.Run(ctx, cibadmin, "--query", "--xpath", xpath)
	if exitCode(err) == exitNoSuchValue {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("cannot read parameter %s of %s: %w", name, r.Instance, err)
	}
	value, err := parsePair(out)
	if err != nil {
		return "", fmt.Errorf("cannot read parameter %s of %s: %w", name, r.Instance, err)
	}
	return value, nil
}
