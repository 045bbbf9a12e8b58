package supervisor

import (
	"errors"
	"testing"
	"time"

	"ovndb-servers/pkg/control"
)

func TestRoleIsLeftToAFreshNodeOnlyIfThatIsPredictedToBeQuicker(t *testing.T) {
	t.Parallel()
	none := errors.New("no other node is up to date")
	for _, tt := range []struct {
		name      string
		restart   time.Duration // until the server has read its file
		copies    time.Duration
		successor string
		err       error
		want      string
		asked     bool
		timeout   time.Duration
	}{
		{name: "a small file", restart: 100 * time.Millisecond, successor: "node2", timeout: 6 * time.Second},
		{name: "as long as a move", restart: moveTime, successor: "node2", timeout: 6 * time.Second},
		{
			name: "a file that is read quickly and copied slowly", restart: 800 * time.Millisecond, copies: 3200 * time.Millisecond,
			successor: "node2", want: "node2", asked: true, timeout: 6 * time.Second,
		},
		{name: "with its copies as long as a move", restart: moveTime / 2, copies: moveTime / 2, successor: "node2", timeout: 6 * time.Second},
		{name: "copies that take long after the restart", restart: time.Second, copies: time.Minute, err: none, asked: true, timeout: 6 * time.Second},
		{name: "a large file", restart: 3 * time.Second, successor: "node2", want: "node2", asked: true, timeout: 6 * time.Second},
		{name: "a large file and no fresh node", restart: 3 * time.Second, err: none, asked: true, timeout: 6 * time.Second},
		{name: "a larger one", restart: 20 * time.Second, err: none, asked: true, timeout: 40 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asked := false
			got := chooseRecovery(control.RestartPrediction{Read: tt.restart, Copies: tt.copies}, func() (string, error) { asked = true; return tt.successor, tt.err })
			if got.successor != tt.want || asked != tt.asked || got.timeout(true) != tt.timeout {
				t.Errorf("the role is left to %q (asked: %v), within %s; want %q (%v), %s",
					got.successor, asked, got.timeout(true), tt.want, tt.asked, tt.timeout)
			}
			if tt.err != nil && !errors.Is(got.reason, tt.err) {
				t.Errorf("the reason is %v, want %v", got.reason, tt.err)
			}
		})
	}
}

func TestARestartedBackupHasMoreTimeThanAnActiveServer(t *testing.T) {
	t.Parallel()
	for restart, want := range map[time.Duration]time.Duration{
		100 * time.Millisecond: 20 * time.Second, 3400 * time.Millisecond: 20400 * time.Millisecond, 20 * time.Second: 2 * time.Minute,
	} {
		if got := (recovery{restart: control.RestartPrediction{Read: restart}}).timeout(false); got != want {
			t.Errorf("predicted %s: %s, want %s", restart, got, want)
		}
	}
}
