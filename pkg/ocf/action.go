package ocf

import (
	"context"
	"errors"
	"slices"
	"strings"

	"ovndb-servers/pkg/control"
)

func (a Agent) start(ctx context.Context, call call) (ExitCode, error) {
	return a.change(ctx, call, func(c *control.Controller) error { return c.Start(ctx) })
}

func (a Agent) promote(ctx context.Context, call call) (ExitCode, error) {
	return a.change(ctx, call, func(c *control.Controller) error { return c.Promote(ctx, electorate(call.env.Notify)) })
}

// change runs an action that needs a valid configuration.
func (a Agent) change(ctx context.Context, call call, act func(*control.Controller) error) (ExitCode, error) {
	if call.invalid != nil {
		return ErrConfigured, call.invalid
	}
	a.warnOfIgnored(call.params)
	c, err := a.controller(ctx, call)
	if err == nil {
		err = act(c)
	}
	return errorCode(err), err
}

func (a Agent) warnOfIgnored(p Parameters) {
	if p.OVNCtl != "" {
		a.Log.Warnf("parameter ovn_ctl=%s is ignored: this agent runs the servers itself; remove it when convenient", p.OVNCtl)
	}
	if set := a.unsupported(); len(set) > 0 {
		a.Log.Warn("not supported yet, and ignored: parameter " + strings.Join(set, ", "))
	}
}

// unsupported returns the parameters of the shell agent that are set and ask for
// what this agent does not do.
func (a Agent) unsupported() []string {
	var set []string
	for _, database := range []string{"nb", "sb"} {
		for _, file := range []string{"privkey", "cert", "cacert"} {
			name := "ovn_" + database + "_db_" + file
			if value := a.Getenv("OCF_RESKEY_" + name); value != "" {
				set = append(set, name+"="+value)
			}
		}
	}
	return set
}

// demote and stop make a node safe: they do what can be done with a
// configuration that is broken, too.
func (a Agent) demote(ctx context.Context, call call) (ExitCode, error) {
	c := a.lenientController(ctx, call)
	c.Leaving = slices.Contains(call.env.Notify.Stop, c.Node)
	err := c.Demote(ctx)
	return errorCode(err), err
}

func (a Agent) stop(ctx context.Context, call call) (ExitCode, error) {
	if call.invalid != nil {
		a.Log.WithError(call.invalid).Warn("stopping in spite of an invalid configuration")
	}
	err := a.lenientController(ctx, call).Stop(ctx)
	return errorCode(err), err
}

func (a Agent) monitor(ctx context.Context, call call) (ExitCode, error) {
	expectPromoted := call.env.Role == "Promoted" || call.env.Role == "Master"
	v := a.monitorController(ctx, call).Monitor(ctx, expectPromoted)
	if len(v.Reasons) == 0 {
		return healthCode(v.Health), nil
	}
	return healthCode(v.Health), errors.New(v.Reason())
}
