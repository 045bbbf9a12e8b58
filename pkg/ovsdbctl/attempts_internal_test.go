package ovsdbctl

import (
	"errors"
	"testing"
)

// From rows that another client changes each time between reading and writing: the change is given up with
// the error of the server, and not taken for made.
func TestChangeThatOthersAlwaysPreventIsAnError(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		conflicts, attempts int
		err                 error
	}{
		"always":     {conflicts: 100, attempts: maxAttempts, err: &TransactionError{Code: codeTimedOut}},
		"once":       {conflicts: 1, attempts: 2},
		"not at all": {attempts: 1},
	} {
		attempts := 0
		err := untilUnchanged(func() error {
			if attempts++; attempts <= test.conflicts {
				return &TransactionError{Code: codeTimedOut}
			}
			return nil
		})
		if failed := new(TransactionError); attempts != test.attempts || errors.As(err, &failed) != (test.err != nil) {
			t.Errorf("%s: %v after %d attempts", name, err, attempts)
		}
	}
}
