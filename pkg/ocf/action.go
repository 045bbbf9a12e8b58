package ocf

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"ovndb-servers/pkg/replication"
)

// start accepts no wrong parameter: nothing runs yet.
func (a Agent) start(ctx context.Context, call call) (ExitCode, error) {
	if call.refused != nil {
		return ErrConfigured, errors.Unwrap(call.refused)
	}
	return a.change(ctx, call, func(r resource) error { return r.Start(ctx) })
}

func (a Agent) promote(ctx context.Context, call call) (ExitCode, error) {
	return a.change(ctx, call, func(r resource) error { return r.Promote(ctx, participants(call.env.Notify)) })
}

// change runs an action that needs a valid configuration.
func (a Agent) change(ctx context.Context, call call, act func(resource) error) (ExitCode, error) {
	if call.invalid != nil {
		return ErrConfigured, call.invalid
	}
	if call.refused != nil {
		a.Log.WithError(call.refused).Warn("going on in spite of a wrong parameter")
	}
	a.warnIgnored(call.params)
	r := call.resource(ctx)
	err := r.complete(ctx)
	if err == nil {
		err = act(r)
	}
	return errorCode(err), err
}

func (a Agent) warnIgnored(p Parameters) {
	if p.OVNCtl != "" {
		a.Log.Warnf("parameter ovn_ctl=%s is ignored: this agent runs the servers itself; remove it when convenient", p.OVNCtl)
	}
}

// demote makes a node safe, with a broken configuration as well.
func (a Agent) demote(ctx context.Context, call call) (ExitCode, error) {
	r := call.resource(ctx)
	warnIncomplete(a.Log, r.complete(ctx))
	err := r.Demote(ctx, slices.Contains(call.env.Notify.Stop, r.node))
	return errorCode(err), err
}

// stop makes a node safe, with a broken configuration as well: it needs the sockets and pidfiles
// alone.
func (a Agent) stop(ctx context.Context, call call) (ExitCode, error) {
	if call.invalid != nil {
		a.Log.WithError(call.invalid).Warn("stopping in spite of an invalid configuration")
	}
	err := call.resource(ctx).Stop(ctx)
	return errorCode(err), err
}

func (a Agent) monitor(ctx context.Context, call call) (ExitCode, error) {
	r := call.resource(ctx)
	if call.env.Probe() {
		return a.answer(r.Probe(ctx))
	}
	v := r.Monitor(ctx, call.env.ExpectsPromoted())
	if wrong := errors.Join(call.refused, call.invalid); wrong != nil {
		v = v.Degraded(wrong.Error())
	}
	return a.answer(v)
}

// answer returns what a monitor answers. What a healthy node waits for is said in the exit reason alone:
// it is no warning.
func (a Agent) answer(v replication.Verdict) (ExitCode, error) {
	err := verdictError(v)
	if err == nil && v.Waiting != "" {
		ExitReason(a.Stderr, "%s", v.Waiting)
	}
	if v.AwaitsDemotion {
		return RunningPromoted, err
	}
	return healthCode(v.Health), err
}

// verdictError is the exit reason of a monitor; nil if the servers are healthy or none runs. Every
// other verdict has one.
func verdictError(v replication.Verdict) error {
	if reason := v.Reason(); reason != "" {
		return errors.New(reason)
	}
	switch v.Health {
	case replication.HealthStopped, replication.HealthBackup, replication.HealthActive:
		return nil
	case replication.HealthBackupDegraded, replication.HealthActiveDegraded, replication.HealthFailed, replication.HealthFailedActive:
	}
	return fmt.Errorf("the health of the servers is %q", v.Health)
}
