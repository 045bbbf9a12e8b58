package ocf

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
)

// ClusterManager is the part of the cluster manager that the agent needs.
type ClusterManager interface {
	// Resource returns the cluster's side of a resource, on the node of an identity.
	Resource(instance string, node control.Identity) control.Cluster
	// LocalNode returns the name the cluster knows this node by.
	LocalNode(ctx context.Context) (string, error)
	// ResourceAddresses returns the addresses that resources of the cluster hold, on whichever node.
	ResourceAddresses(ctx context.Context) ([]netip.Addr, error)
	// MemberAddresses returns the addresses by which the cluster knows this node, the best first.
	MemberAddresses(ctx context.Context, node control.Identity) ([]netip.Addr, error)
}

// Network answers questions about this node's addresses.
type Network interface {
	// Holds reports whether an interface of this node has the address.
	Holds(address netip.Addr) bool
	// CanListen reports whether a server could listen there now; nil if it could.
	CanListen(ctx context.Context, at netip.AddrPort) error
	// DualStack reports whether a server on any IPv6 address takes connections by IPv4 as well.
	DualStack() bool
	// Beside returns this node's addresses in the networks that an address is in, itself excepted;
	// those that an interface keeps come first.
	Beside(address netip.Addr) ([]netip.Addr, error)
	// Source returns the source address of this node's packets to the given one.
	Source(ctx context.Context, address netip.Addr) (netip.Addr, error)
}

// Agent runs the actions of the resource agent.
type Agent struct {
	Getenv         func(string) string
	Stdout, Stderr io.Writer
	// Log takes the agent's log lines; the exit reason also goes to Stderr in
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

// action carries out one action and returns its exit code, with the exit reason as an error if
// there is one.
type action func(ctx context.Context, call call) (ExitCode, error)

// call is one call of the agent.
type call struct {
	env    Environment
	params Parameters
	// refused names the unusable parameters for which others are in force, and invalid those for which
	// none are; nil if there are none.
	refused, invalid error
	open             opener
}

// resource returns the resource that the call is about.
func (c call) resource(ctx context.Context) resource { return c.open(ctx, c.env, c.params) }

// Run carries out the action called name within the time Pacemaker allows it,
// and returns its exit code.
func (a Agent) Run(ctx context.Context, name string) ExitCode {
	return a.run(ctx, name, func(inForce Agent) opener { return inForce.open })
}

func (a Agent) run(ctx context.Context, name string, open func(inForce Agent) opener) ExitCode {
	if a.describe(name) {
		return Success
	}
	if a.actions()[name] == nil {
		ExitReason(a.Stderr, "no such action: %q", name)
		a.usage(a.Stderr)
		return ErrUnimplemented
	}
	env, err := ParseEnvironment(name, a.Getenv)
	if err != nil && name != "stop" {
		ExitReason(a.Stderr, "%v", err)
		return ErrArgs
	}
	inForce, params, refused, invalid := a.parameters(env.Instance)
	return inForce.finish(ctx, name, call{env: env, params: params, refused: refused, invalid: invalid, open: open(inForce)})
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

		reloadAgentAction:  a.reload,
		legacyReloadAction: a.reload,
	}
}

// describe answers the actions that touch nothing and need no environment, and
// reports whether name is one of them.
func (a Agent) describe(name string) bool {
	switch name {
	case "meta-data":
		minor := 1
		if a.Getenv(minorVersionVariable) == "0" {
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
	_, _ = fmt.Fprintln(w, "usage: "+AgentName+" {start|stop|monitor|status|promote|demote|notify|reload-agent|validate-all|meta-data|usage}")
	_, _ = fmt.Fprintln(w, "This is an OCF resource agent; parameters come in "+ParameterPrefix+" variables, see meta-data.")
}

// finish runs the action, and reports its outcome in a log line and, if it has one, its exit
// reason.
func (a Agent) finish(ctx context.Context, name string, call call) ExitCode {
	ctx, cancel := context.WithTimeout(ctx, call.env.Deadline())
	defer cancel()
	begin := time.Now()
	code, err := a.actions()[name](ctx, call)
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

// level is the level of an action's one log line: a recurring monitor that found the servers
// healthy is not news.
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
