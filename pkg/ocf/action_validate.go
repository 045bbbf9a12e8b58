package ocf

import (
	"context"
	"errors"
	"fmt"
	"os"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// environmentLevel is the OCF_CHECK_LEVEL from which validate-all looks at the
// node, and not only at the parameters.
const environmentLevel = 10

func (a Agent) validate(ctx context.Context, call call) (ExitCode, error) {
	if call.invalid != nil {
		return ErrConfigured, call.invalid
	}
	a.warnOfIgnored(call.params)
	if call.env.CheckLevel < environmentLevel {
		return Success, nil
	}
	c, err := a.controller(ctx, call)
	if err != nil {
		return errorCode(err), err
	}
	err = errors.Join(programs(ctx, call.params), schemas(c.Units))
	return errorCode(err), err
}

func programs(ctx context.Context, p Parameters) error {
	needed := []string{"ovsdb-server", "ovsdb-tool"}
	if p.ManageNorthd {
		needed = append(needed, process.NorthdProgram)
	}
	var missing []error
	for _, program := range needed {
		if _, err := process.Run(ctx, program, "--version"); err != nil {
			missing = append(missing, err)
		}
	}
	return errors.Join(missing...)
}

func schemas(units []control.Unit) error {
	var missing []error
	for _, u := range units {
		if _, err := os.Stat(u.Files.Schema); err != nil {
			missing = append(missing, fmt.Errorf("%w: %s: %w", process.ErrSchemaMissing, u.Name(), err))
		}
	}
	return errors.Join(missing...)
}
