package pacemaker

import (
	"context"
	"testing"
	"time"
)

func TestRetriesLeaveTheCallerHalfOfItsTime(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	half, stop := halfOf(ctx)
	defer stop()
	whole, _ := ctx.Deadline()
	if end, ok := half.Deadline(); !ok || whole.Sub(end) < 29*time.Minute {
		t.Errorf("retries end %s, the deadline is %s", end, whole)
	}
}
