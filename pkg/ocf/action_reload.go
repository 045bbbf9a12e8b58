package ocf

import (
	"context"
	"errors"

	"ovndb-servers/pkg/control"
)

// reload takes over parameters that were changed while the resource runs. Pacemaker takes a failure for
// one of the instance, and would restart a server that works: whatever is wrong is the exit reason of a
// success, and of the monitors that follow.
func (a Agent) reload(ctx context.Context, call call) (ExitCode, error) {
	if wrong := errors.Join(call.refused, call.invalid); wrong != nil {
		return Success, wrong
	}
	a.warnIgnored(call.params)
	r := call.resource(ctx)
	warnIncomplete(a.Log, r.complete(ctx))
	err := r.Reload(ctx)
	if errors.Is(err, control.ErrNothingRuns) {
		return NotRunning, nil
	}
	return Success, err
}
