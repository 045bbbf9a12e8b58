package control

import (
	"context"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// The pauses between two looks at a condition that nothing announces.
const (
	firstAwaitPause = 10 * time.Millisecond
	maxAwaitPause   = 250 * time.Millisecond
)

// await calls check until it returns nil and gives its last error, with the
// context's, if the context ends first.
func await(ctx context.Context, check func(context.Context) error) error {
	pauses := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(firstAwaitPause),
		backoff.WithMaxInterval(maxAwaitPause),
		backoff.WithMaxElapsedTime(0),
	)
	var last error
	err := backoff.Retry(func() error {
		err := check(ctx)
		if err != nil && ctx.Err() == nil {
			last = err
		}
		return err
	}, backoff.WithContext(pauses, ctx))
	if err != nil && last != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", last, ctx.Err())
	}
	return err
}
