package supervisor

import (
	"context"
	"testing"
	"time"
)

func TestNapOfAThreadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	nap := newThreadNap(ctx)
	nap.take(time.Millisecond) // which ends by itself
	time.AfterFunc(10*time.Millisecond, cancel)
	for ctx.Err() == nil {
		nap.take(time.Hour)
	}
	nap.take(time.Hour) // also one that begins after it
	nap.close()
}
