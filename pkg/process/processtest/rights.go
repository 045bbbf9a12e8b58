package processtest

import (
	"os"
	"testing"
)

// rightsVariable says, if it is set, that the tests run with all of root's rights, as in CI. A test that
// lacks one fails there, as it would be missed otherwise.
const rightsVariable = "CI_ROOT"

// NeedRoot skips a test that another account than root cannot run.
func NeedRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		SkipWithoutRight(tb, "only root can run it")
	}
}

// SkipWithoutRight skips a test that lacks a right of root's, such as to mount; see [rightsVariable].
func SkipWithoutRight(tb testing.TB, format string, args ...any) {
	tb.Helper()
	if os.Getenv(rightsVariable) != "" {
		tb.Fatalf("with "+rightsVariable+" set it is not skipped: "+format, args...)
		return
	}
	tb.Skipf(format, args...)
}
