package ocf

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"

	"ovndb-servers/pkg/control"
)

const (
	// DefaultInstance names the resource when the caller does not, as crmsh when it validates
	// parameters.
	DefaultInstance = AgentName
	// DefaultTimeout is the time an action has when the caller names none; Pacemaker's own default.
	DefaultTimeout = 20 * time.Second

	// marginDivisor is the part of the timeout an action leaves unused. Pacemaker sends SIGKILL at
	// the timeout, with no SIGTERM before (lib/common/mainloop.c), so the rest must suffice to
	// write the exit reason and return.
	marginDivisor = 10
	minMargin     = 500 * time.Millisecond
	maxMargin     = 3 * time.Second
)

// Environment is an action's environment beside the parameters.
type Environment struct {
	// Action is the first argument of the agent.
	Action string
	// Instance is the identifier of the resource, without the ":N" of a clone's instance;
	// DefaultInstance if the caller names none.
	Instance string
	// Node is this node's name in the cluster, "" if unknown: a person, a probe of parameters and
	// ocf-tester do not set it. The notify sets use the same names.
	Node string
	// Remote says that the node runs Pacemaker Remote. AttributeHost is the node that holds the
	// resource's attributes in the place of this one, "" for none: see [control.Identity].
	Remote        bool
	AttributeHost string
	// Timeout is the time after which the action is killed.
	Timeout time.Duration
	// Interval is the time from one monitor to the next; 0 if the action does not recur.
	Interval time.Duration
	// Role is the role a recurring monitor is configured for: the expected one, which may not be
	// the actual one.
	Role string
	// CheckLevel is the depth asked of monitor and validate-all: 0, 10 or 20.
	CheckLevel int
	// DegradedCodes reports whether the cluster manager understands Degraded and DegradedPromoted:
	// Pacemaker does since 2.0.5.
	DegradedCodes bool
	// Notify are the sets of a clone with notify=true.
	Notify Notify
}

// ParseEnvironment reads the environment of an action. The error joins one *VariableError for each
// variable that cannot be used; the Environment is complete even then, with the default in place of
// each, so that stop can go on.
//
// Source: agents.rst, "Environment Variables", and services_linux.c (add_OCF_env_vars) in
// Pacemaker's tree.
func ParseEnvironment(action string, getenv func(string) string) (Environment, error) {
	read := environmentReader{getenv: getenv}
	identity := control.ParseIdentity(getenv)
	e := Environment{
		Action:        action,
		Instance:      read.instance(),
		Node:          identity.Name,
		Remote:        identity.Remote,
		AttributeHost: identity.Host,
		Timeout:       read.milliseconds("timeout"),
		Interval:      read.milliseconds("interval"),
		Role:          read.meta("role"),
		CheckLevel:    read.integer(checkLevelVariable, 0),
		DegradedCodes: knowsDegraded(getenv(featureSetVariable)),
		Notify:        parseNotify(getenv),
	}
	if e.Timeout == 0 {
		e.Timeout = DefaultTimeout
	}
	return e, errors.Join(read.problems...)
}

// identity returns by which names the cluster knows this node.
func (e Environment) identity() control.Identity {
	return control.Identity{Name: e.Node, Remote: e.Remote, Host: e.AttributeHost}
}

// Probe reports whether this is the monitor by which the cluster manager finds out whether the
// resource runs here: Pacemaker sets no interval for it, and no role and no notify sets.
func (e Environment) Probe() bool {
	return (e.Action == "monitor" || e.Action == "status") && e.Interval == 0
}

// ExpectsPromoted reports whether Pacemaker takes the instance for promoted. Up to Pacemaker 2.0
// the promoted role is called Master.
func (e Environment) ExpectsPromoted() bool { return e.Role == "Promoted" || e.Role == "Master" }

// Deadline is the time an action may use: Timeout less a margin for the exit reason. It is always
// more than zero.
func (e Environment) Deadline() time.Duration {
	timeout := e.Timeout
	if timeout <= 0 {
		timeout = DefaultTimeout
	}
	margin := min(max(timeout/marginDivisor, minMargin), maxMargin)
	return max(timeout-margin, timeout/2, 1)
}

// Report returns the code to exit with: a cluster manager that does not know Degraded and
// DegradedPromoted gets Success and RunningPromoted.
func (e Environment) Report(code ExitCode) ExitCode {
	switch {
	case e.DegradedCodes:
		return code
	case code == Degraded:
		return Success
	case code == DegradedPromoted:
		return RunningPromoted
	default:
		return code
	}
}

// environmentReader reads variables and collects the unusable ones.
type environmentReader struct {
	getenv   func(string) string
	problems []error
}

func (r *environmentReader) meta(name string) string {
	return strings.TrimSpace(r.getenv(MetaPrefix + name))
}

func (r *environmentReader) complain(name, value, allowed string) {
	r.problems = append(r.problems, &VariableError{Name: name, Value: value, Allowed: allowed})
}

// milliseconds reads a time of the operation; it is 0 if unset or unusable. Pacemaker writes plain
// milliseconds.
func (r *environmentReader) milliseconds(name string) time.Duration {
	value := r.meta(name)
	if value == "" {
		return 0
	}
	ms, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		r.complain(MetaPrefix+name, value, "a whole number of milliseconds")
		return 0
	}
	return time.Duration(ms) * time.Millisecond
}

func (r *environmentReader) integer(name string, missing int) int {
	value := strings.TrimSpace(r.getenv(name))
	if value == "" {
		return missing
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > math.MaxUint16 {
		r.complain(name, value, "a small whole number")
		return missing
	}
	return n
}

// instance reads the identifier of the resource. It becomes part of file names and of node
// attributes.
func (r *environmentReader) instance() string {
	value := r.getenv(InstanceVariable)
	if value == "" {
		return DefaultInstance
	}
	name := withoutCloneNumber(value)
	if !usableInstance(name) {
		r.complain(InstanceVariable, value, "an XML identifier: letters, digits, dots, dashes and underscores")
		return DefaultInstance
	}
	return name
}

// withoutCloneNumber turns "ovndb:1" into "ovndb".
func withoutCloneNumber(instance string) string {
	name, number, found := cutLast(instance, ":")
	if !found || number == "" || strings.Trim(number, "0123456789") != "" {
		return instance
	}
	return name
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// usableInstance accepts the resource identifiers of the CIB's schema (an XML NCName), none of
// which can lead a file name elsewhere.
func usableInstance(name string) bool {
	for i, r := range name {
		letter := unicode.IsLetter(r) || r == '_'
		if !letter && (i == 0 || !unicode.IsDigit(r) && r != '.' && r != '-') {
			return false
		}
	}
	return name != ""
}
