package ocf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// Charge is what a supervisor is given to watch over.
type Supervised struct {
	Controller *control.Controller
	Parameters Parameters
	// Release gives up the pidfile that keeps another supervisor from starting.
	Release func()
}

// TakeCharge returns the controller of the resource that the environment describes, as
// an action would have it, and holds the pidfile of its supervisor. The error is
// [process.ErrHeld] if there is one already.
func (a Agent) AcquireSupervisor(ctx context.Context) (Supervised, error) {
	env, err := ParseEnvironment("supervise", a.Getenv)
	if err != nil {
		return Supervised{}, err
	}
	params, err := ParseParameters(a.Getenv)
	if err != nil {
		return Supervised{}, err
	}
	c, err := a.controller(ctx, call{env: env, params: params})
	if err != nil {
		return Supervised{}, err
	}
	release, err := c.SupervisorPidfile().Hold()
	return Supervised{Controller: c, Parameters: params, Release: release}, err
}

// Superfluous reports whether a supervisor could not take charge only because there is
// one already.
func Superfluous(err error) bool { return errors.Is(err, process.ErrHeld) }

// supervision says how this node's supervisor is started. A probe looks what runs and
// starts nothing.
func (a Agent) supervision(env Environment, p Parameters) control.Supervision {
	if a.Program == "" || env.Probe() {
		return control.Supervision{}
	}
	return control.Supervision{Program: a.Program, Config: a.configuration(), Off: !p.Supervise}
}

// configuration names the version of the program and the parameters in a few letters.
func (a Agent) configuration() string {
	text := []string{a.Version}
	for _, d := range parameterDescriptions() {
		text = append(text, fmt.Sprintf("%s=%q", d.Name, strings.TrimSpace(a.Getenv("OCF_RESKEY_"+d.Name))))
	}
	slices.Sort(text)
	sum := sha256.Sum256([]byte(strings.Join(text, "\n")))
	return hex.EncodeToString(sum[:8])
}

// LogBeginning is the line by which a supervisor can be found in the log.
func (c Supervised) LogBeginning(log logrus.FieldLogger, version string) {
	log.WithFields(logrus.Fields{"version": version, "node": c.Controller.Node}).Info("supervising the servers")
}
