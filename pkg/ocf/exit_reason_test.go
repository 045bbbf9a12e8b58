package ocf_test

import (
	"strings"
	"testing"

	"ovndb-servers/pkg/ocf"
)

func TestExitReasonIsOneLine(t *testing.T) {
	t.Parallel()
	rows := []struct{ name, text, want string }{
		{"plain", "cannot start", "ocf-exit-reason:cannot start\n"},
		{"joined errors", "first\nsecond\n", "ocf-exit-reason:first; second\n"},
		{"blank lines and returns", "\r\nfirst\r\n\r\n  second  \n", "ocf-exit-reason:first; second\n"},
		{"reason within", "peer said ocf-exit-reason:no", "ocf-exit-reason:peer said no\n"},
		{"reason within a reason", "ocf-exit-ocf-exit-reason:reason:no", "ocf-exit-reason:no\n"},
		{"control characters", "a\x00b\tc\x1b[1m", "ocf-exit-reason:a b c [1m\n"},
		{"line separators of Unicode", "a\u2028b\u0085c", "ocf-exit-reason:a; b; c\n"},
		{"control and formatting characters of Unicode", "a\u009b1mb\u202ec", "ocf-exit-reason:a 1mb c\n"},
		{"nothing", "", "ocf-exit-reason:\n"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			ocf.ExitReason(&out, "%s", row.text)
			if out.String() != row.want {
				t.Errorf("got %q, want %q", out.String(), row.want)
			}
		})
	}
}
