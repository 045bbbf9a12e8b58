package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// StepError says at which step, and on which socket or file, an action failed,
// and how long it had been there.
type StepError struct {
	// Step begins with a verb: "stop the OVN_Northbound server".
	Step string
	// At is the socket or file the step works on.
	At      string
	Elapsed time.Duration
	Err     error
}

// Error implements error. A step that a deadline ended says how long it took. Where
// the step works is not said twice: Pacemaker keeps no more than the first 128 bytes
// of an exit reason (EXIT_REASON_MAX_LEN in its daemons/controld/controld_execd_state.h),
// and those have to name the fault.
func (e *StepError) Error() string {
	if errors.Is(e.Err, context.DeadlineExceeded) {
		return fmt.Sprintf("cannot %s on %s: not done after %s, when the action's deadline struck: %v",
			e.Step, e.At, e.Elapsed.Round(time.Millisecond), e.Err)
	}
	cause := e.Err.Error()
	if strings.Contains(cause, e.At) {
		return fmt.Sprintf("cannot %s: %s", e.Step, cause)
	}
	return fmt.Sprintf("cannot %s on %s: %s", e.Step, e.At, cause)
}

// Unwrap returns the cause.
func (e *StepError) Unwrap() error { return e.Err }

// step runs f as a named step. If the context's deadline struck meanwhile, the
// error says so, whatever f made of it.
func step(ctx context.Context, name, at string, f func(context.Context) error) error {
	start := time.Now()
	err := f(ctx)
	if err == nil {
		return nil
	}
	if nested := new(StepError); errors.As(err, &nested) {
		return err
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %w", err, context.DeadlineExceeded)
	}
	return &StepError{Step: name, At: at, Elapsed: time.Since(start), Err: err}
}
