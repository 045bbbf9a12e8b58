package ocf

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"time"

	"ovndb-servers/pkg/control"

	"github.com/sirupsen/logrus"
)

// ClusterManager is what the agent needs of the cluster manager.
type ClusterManager interface {
	// Resource returns the cluster's side of a resource.
	Resource(instance string) control.Cluster
	// LocalNode returns the name the cluster knows this node by.
	LocalNode(ctx context.Context) (string, error)
}

// Network is what the agent needs to know of this node's addresses.
type Network interface {
	// Holds reports whether an interface of this node has the address.
	Holds(address netip.Addr) bool
	// CanListen reports whether a server could listen there now; nil if it could.
	CanListen(ctx context.Context, at netip.AddrPort) error
	// Towards returns the address this node talks from to the given one, which
	// may be an address it holds itself; then one beside it.
	Towards(ctx context.Context, address netip.Addr) (netip.Addr, error)
}

// Agent runs the actions of the resource agent.
type Agent struct {
	Getenv         func(string) string
	Stdout, Stderr io.Writer
	// Log takes the agent's log lines; the last reason also goes to Stderr in
	// the form that Pacemaker records.
	Log logrus.FieldLogger
	// Program is the path of the program, by which it starts the supervisor; none is
	// started if it is empty.
	Program string
	// Version is the version of the program.
	Version string
	Cluster ClusterManager
	Network Network
}

// action carries out one action and returns its exit code, with the reason why
// if it is not success.
type action func(ctx context.Context, call call) (ExitCode, error)

// call is one call of the agent: what it was told.
type call struct {
	env    Environment
	params Parameters
	// invalid is what is wrong with the parameters; nil if nothing is.
	invalid error
}

// Run carries out the action called name within the time Pacemaker allows it,
// and returns its exit code.
func (a Agent) Run(ctx context.Context, name string) ExitCode {
	if a.describe(name) {
		return Success
	}
	run, known := a.actions()[name]
	if !known {
		ExitReason(a.Stderr, "no such action: %q", name)
		a.usage(a.Stderr)
		return ErrUnimplemented
	}
	env, err := ParseEnvironment(name, a.Getenv)
	if err != nil && name != "stop" {
		ExitReason(a.Stderr, "%v", err)
		return ErrArgs
	}
	params, invalid := ParseParameters(a.Getenv)
	return a.finish(ctx, run, call{env: env, params: params, invalid: invalid})
}

func (a Agent) actions() map[string]action {
	return map[string]action{
		"start":        a.start,
		"stop":         a.stop,
		"monitor":      a.monitor,
		"status":       a.monitor,
		"promote":      a.promote,
		"demote":       a.demote,
		"notify":       a.notify,
		"validate-all": a.validate,
	}
}

// describe answers the actions that touch nothing and need no environment, and
// reports whether name is one of them.
func (a Agent) describe(name string) bool {
	switch name {
	case "meta-data":
		minor := 1
		if a.Getenv("OCF_RA_VERSION_MINOR") == "0" {
			minor = 0
		}
		_, _ = io.WriteString(a.Stdout, Metadata(minor, a.Version))
		return true
	case "usage", "help", "-h", "--help":
		a.usage(a.Stdout)
		return true
	default:
		return false
	}
}

func (a Agent) usage(w io.Writer) {
	_, _ = fmt.Fprintln(w, "usage: ovndb-servers {start|stop|monitor|status|promote|demote|notify|validate-all|meta-data|usage}")
	_, _ = fmt.Fprintln(w, "This is an OCF resource agent; parameters come in OCF_RESKEY_ variables, see meta-data.")
}

// finish runs the action, and reports its outcome in a log line and, where
// there is something to say, in the exit reason.
func (a Agent) finish(ctx context.Context, run action, call call) ExitCode {
	ctx, cancel := context.WithTimeout(ctx, call.env.Deadline())
	defer cancel()
	begin := time.Now()
	code, err := run(ctx, call)
	code = call.env.Report(code)
	log := a.Log.WithFields(logrus.Fields{
		"action": call.env.Action, "rc": code.String(), "elapsed": time.Since(begin).Round(time.Millisecond),
	})
	if event := call.env.Notify.Event(); event != "" {
		log = log.WithField("event", event)
	}
	if err != nil {
		ExitReason(a.Stderr, "%v", err)
		log = log.WithField("reason", oneLine(err.Error()))
	}
	log.Log(level(code, err, call.env.Interval > 0), call.env.Action)
	return code
}

// level is the level of an action's one log line: a monitor that found what it
// expected is not news.
func level(code ExitCode, err error, recurring bool) logrus.Level {
	switch {
	case code == Degraded || code == DegradedPromoted:
		return logrus.WarnLevel
	case code != Success && code != NotRunning && code != RunningPromoted:
		return logrus.ErrorLevel
	case err != nil:
		return logrus.WarnLevel
	case recurring:
		return logrus.DebugLevel
	default:
		return logrus.InfoLevel
	}
}
