package control_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/process"
)

// Pacemaker records this many bytes of an exit reason.
const recordedReason = 128

func TestStepErrorSaysWhatIsWrongInWhatPacemakerRecords(t *testing.T) {
	t.Parallel()
	const path = "/var/lib/ovn/ovnnb_db.db"
	err := &control.StepError{
		Step: "prepare the OVN_Northbound database", At: path,
		Err: fmt.Errorf("cannot read database file %s: %w: what the tool said", path, process.ErrDamaged),
	}
	text := err.Error()
	recorded := text[:min(len(text), recordedReason)]
	for _, part := range []string{"OVN_Northbound", path, process.ErrDamaged.Error()} {
		if !strings.Contains(recorded, part) {
			t.Errorf("%q is not in what is recorded: %q", part, recorded)
		}
	}
}

func TestStepErrorSaysWhereWhenTheCauseDoesNot(t *testing.T) {
	t.Parallel()
	err := &control.StepError{Step: "stop the server", At: "/run/ctl", Err: errors.New("refused")}
	if got, want := err.Error(), "cannot stop the server on /run/ctl: refused"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
