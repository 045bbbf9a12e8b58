package ocf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// Supervised is the resource that a supervisor watches over.
type Supervised struct {
	Controller *control.Controller
	Parameters Parameters
	// Pidfile keeps another supervisor from starting.
	Pidfile *process.HeldPidfile
}

// ErrAlreadySupervised is returned if the resource has a supervisor on this node.
var ErrAlreadySupervised = errors.New("another supervisor of the resource runs on this node")

// AcquireSupervisor returns the resource that the environment describes, as an action would have
// it, and holds the pidfile of its supervisor. The error is [ErrAlreadySupervised] if another
// process does.
func (a Agent) AcquireSupervisor(ctx context.Context) (Supervised, error) {
	env, err := ParseEnvironment("supervise", a.Getenv)
	if err != nil {
		return Supervised{}, err
	}
	inForce, params, refused, err := a.parameters(env.Instance)
	if err != nil {
		return Supervised{}, err
	}
	if refused != nil {
		a.Log.WithError(refused).Warn("supervising in spite of a wrong parameter")
	}
	c, complete := inForce.controller(ctx, env, params)
	if err := complete(ctx); err != nil {
		return Supervised{}, err
	}
	held, err := c.SupervisorPidfile().Hold()
	if errors.Is(err, process.ErrHeld) {
		err = fmt.Errorf("%w: %w", ErrAlreadySupervised, err)
	}
	return Supervised{Controller: c, Parameters: params, Pidfile: held}, err
}

// supervision returns how this node's supervisor is started. A probe starts nothing.
func (a Agent) supervision(env Environment) control.Supervision {
	if a.Program == "" || env.Probe() {
		return control.Supervision{}
	}
	_, err := ParseParameters(a.Getenv)
	return control.Supervision{Program: a.Program, Config: a.configuration(), Unusable: err != nil}
}

// configuration is a digest of the program's version and the parameters.
func (a Agent) configuration() string {
	text := []string{a.Version}
	for _, d := range parameterDescriptions() {
		text = append(text, fmt.Sprintf("%s=%q", d.Name, strings.TrimSpace(a.Getenv(ParameterPrefix+d.Name))))
	}
	slices.Sort(text)
	sum := sha256.Sum256([]byte(strings.Join(text, "\n")))
	return hex.EncodeToString(sum[:8])
}
