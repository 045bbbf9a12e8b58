package ocf

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"ovndb-servers/pkg/control"
)

// parameters reads the parameters that are in force. Of those that can be changed while the resource
// runs, one that has become unusable is refused, and the value that was accepted last counts. The
// Agent returned reads them so. The error invalid is of parameters for which there is no such value.
func (a Agent) parameters(instance string) (_ Agent, p Parameters, refused, invalid error) {
	p, err := ParseParameters(a.Getenv)
	if err == nil {
		return a, p, nil, nil
	}
	accepted := parseAccepted(control.ParametersIn(filepath.Join(p.StateRunDir, instance)))
	names := refusedNames(err)
	if accepted == nil || names == nil {
		return a, p, nil, err
	}
	inForce := a
	inForce.Getenv = func(variable string) string {
		name := strings.TrimPrefix(variable, ParameterPrefix)
		switch first := firstName(name); {
		case name == variable || !names[first]:
			return a.Getenv(variable)
		case name == first:
			return accepted[name]
		default: // the second name of one that is refused
			return ""
		}
	}
	replaced, stillWrong := ParseParameters(inForce.Getenv)
	if stillWrong != nil {
		return a, p, nil, err
	}
	return inForce, replaced, fmt.Errorf("the value accepted before stays in force: %w", err), nil
}

// refusedNames returns the parameters that an error of [ParseParameters] names; nil if one of them
// cannot be changed while the resource runs.
func refusedNames(err error) map[string]bool {
	names := map[string]bool{}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	for _, problem := range joined.Unwrap() {
		refused, ok := errors.AsType[*ParameterError](problem)
		if !ok || !isReloadable(refused.Name) {
			return nil
		}
		names[firstName(refused.Name)] = true
	}
	return names
}

// accepted returns the parameters that can be changed while the resource runs as text. What has no
// effect, and a log's directory that is too long to matter, need not be kept.
func (a Agent) accepted() string {
	var lines strings.Builder
	lines.WriteString(acceptedHead + "\n")
	read := parameterReader{getenv: a.Getenv}
	for _, name := range reloadable() {
		if value := read.value(name, ""); value != "" && name != paramOVNCtl && !strings.Contains(value, "\n") {
			lines.WriteString(name + "=" + value + "\n")
		}
	}
	return lines.String()
}

// acceptedHead begins the text: parameters of which none is set are known as well.
const acceptedHead = "accepted"

// parseAccepted reads such text; nil if it is none.
func parseAccepted(text string) map[string]string {
	lines := strings.Split(text, "\n")
	if lines[0] != acceptedHead {
		return nil
	}
	values := map[string]string{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, "=")
		values[name] = value
	}
	return values
}
