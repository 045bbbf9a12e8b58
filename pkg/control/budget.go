package control

import (
	"context"
	"time"
)

// withBudget returns a context that ends after the given part of the rest of
// ctx's time, and no later than limit from now.
func withBudget(ctx context.Context, part float64, limit time.Duration) (context.Context, context.CancelFunc) {
	allowed := limit
	if deadline, ok := ctx.Deadline(); ok {
		allowed = min(limit, time.Duration(float64(time.Until(deadline))*part))
	}
	return context.WithTimeout(ctx, allowed)
}
