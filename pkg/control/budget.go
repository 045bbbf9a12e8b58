package control

import (
	"context"
	"time"
)

// withBudget returns a context that ends after the given part of what is left of
// ctx's time, and no later than most from now.
func withBudget(ctx context.Context, part float64, most time.Duration) (context.Context, context.CancelFunc) {
	allowed := most
	if deadline, ok := ctx.Deadline(); ok {
		allowed = min(most, time.Duration(float64(time.Until(deadline))*part))
	}
	return context.WithTimeout(ctx, allowed)
}
