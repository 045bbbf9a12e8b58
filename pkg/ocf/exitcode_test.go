package ocf_test

import (
	"testing"

	"ovndb-servers/pkg/ocf"
)

func TestExitCodesHaveTheNumbersAndNamesOfTheSpecification(t *testing.T) {
	t.Parallel()
	names := map[int]string{
		0: "OCF_SUCCESS", 1: "OCF_ERR_GENERIC", 2: "OCF_ERR_ARGS", 3: "OCF_ERR_UNIMPLEMENTED", 4: "OCF_ERR_PERM", 5: "OCF_ERR_INSTALLED",
		6: "OCF_ERR_CONFIGURED", 7: "OCF_NOT_RUNNING", 8: "OCF_RUNNING_PROMOTED", 9: "OCF_FAILED_PROMOTED",
		190: "OCF_DEGRADED", 191: "OCF_DEGRADED_PROMOTED", 42: "OCF_UNKNOWN(42)",
	}
	for number, name := range names {
		if got := ocf.ExitCode(number).String(); got != name {
			t.Errorf("ExitCode(%d) is called %s, want %s", number, got, name)
		}
	}
	constants := []ocf.ExitCode{
		ocf.Success, ocf.ErrGeneric, ocf.ErrArgs, ocf.ErrUnimplemented, ocf.ErrPerm, ocf.ErrInstalled,
		ocf.ErrConfigured, ocf.NotRunning, ocf.RunningPromoted, ocf.FailedPromoted,
	}
	for number, code := range constants {
		if int(code) != number {
			t.Errorf("%s is %d, want %d", code, int(code), number)
		}
	}
}

func TestCallerThatDoesNotKnowDegradedCodesGetsThePlainOnes(t *testing.T) {
	t.Parallel()
	rows := []struct {
		code, before205, since205 ocf.ExitCode
	}{
		{ocf.Degraded, ocf.Success, ocf.Degraded},
		{ocf.DegradedPromoted, ocf.RunningPromoted, ocf.DegradedPromoted},
		{ocf.FailedPromoted, ocf.FailedPromoted, ocf.FailedPromoted},
		{ocf.NotRunning, ocf.NotRunning, ocf.NotRunning},
	}
	for _, row := range rows {
		if got := (ocf.Environment{}).Report(row.code); got != row.before205 {
			t.Errorf("before Pacemaker 2.0.5: %s is reported as %s, want %s", row.code, got, row.before205)
		}
		if got := (ocf.Environment{DegradedCodes: true}).Report(row.code); got != row.since205 {
			t.Errorf("since Pacemaker 2.0.5: %s is reported as %s, want %s", row.code, got, row.since205)
		}
	}
}
