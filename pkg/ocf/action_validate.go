package ocf

import (
	"context"
	"errors"
	"fmt"
	"os"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// nodeCheckLevel is the OCF_CHECK_LEVEL from which validate-all checks the node as well as the
// parameters.
const nodeCheckLevel = 10

func (a Agent) validate(ctx context.Context, call call) (ExitCode, error) {
	if call.invalid != nil {
		return ErrConfigured, call.invalid
	}
	if call.refused != nil {
		return ErrConfigured, errors.Unwrap(call.refused)
	}
	a.warnIgnored(call.params)
	err := call.params.layout().CheckNames()
	if call.env.CheckLevel >= nodeCheckLevel {
		err = a.checkNode(ctx, call.params, call.env.identity())
	}
	return errorCode(err), err
}

// checkNode returns all that keeps this node from running the resource.
func (a Agent) checkNode(ctx context.Context, p Parameters, node control.Identity) error {
	layout, err := process.DiscoverLayout(p.layout())
	if err != nil {
		return err
	}
	owner, err := p.owner()
	_, addressErr := a.searchAddress(ctx, p, node)
	if err == nil && owner.Root() {
		a.Log.Warn("the servers run as root: parameter ovn_user can name an account of their own")
	}
	units := control.Units(layout, p.Northbound, p.Southbound)
	return errors.Join(err, addressErr, checkDirectories(layout, p), checkPrograms(ctx, p), checkSchemas(units), checkKeys(ctx, units, p), checkNorthd(p))
}

// checkNorthd checks the file with ovn-northd's options.
func checkNorthd(p Parameters) error {
	if !p.ManageNorthd {
		return nil
	}
	_, err := process.NorthdParameters(process.OVNNorthdParameters)
	return err
}

// checkKeys checks the files for TLS as the account of the servers; an unknown one is refused already.
func checkKeys(ctx context.Context, units []control.Unit, p Parameters) error {
	owner, err := p.owner()
	if err != nil {
		return nil //nolint:nilerr // reported by checkNode
	}
	return control.CheckKeys(ctx, units, owner)
}

// checkDirectories needs no account to refuse a directory of the system.
func checkDirectories(layout process.Layout, p Parameters) error {
	err := layout.CheckNames()
	if owner, unknown := p.owner(); unknown == nil {
		err = layout.Check(owner)
	}
	for _, directory := range []string{p.StateDir, p.StateRunDir, p.AgentLogDir} {
		err = errors.Join(err, process.CheckPrivate(directory))
	}
	return err
}

func checkPrograms(ctx context.Context, p Parameters) error {
	needed := []string{process.ServerProgram, process.ToolProgram}
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

func checkSchemas(units []control.Unit) error {
	var missing []error
	for _, u := range units {
		if _, err := os.Stat(u.Files.Schema); err != nil {
			missing = append(missing, fmt.Errorf("%w: %s: %w", process.ErrSchemaMissing, u.Name(), err))
		}
	}
	return errors.Join(missing...)
}
