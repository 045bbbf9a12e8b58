package control

import (
	"context"
	"errors"
	"sync"

	"ovndb-servers/pkg/parallel"
)

// forEachUnit calls f for every unit at the same time, to the end even where another one
// fails: a server that hangs must not keep the other from being handled.
func (c *Controller) forEachUnit(ctx context.Context, f func(context.Context, Unit) error) error {
	return errors.Join(parallel.Map(c.Units, func(u Unit) error { return f(ctx, u) })...)
}

// background calls f at once and returns a function that waits for its result.
func background[T any](f func() (T, error)) func() (T, error) {
	result := sync.OnceValues(f)
	go func() { _, _ = result() }()
	return result
}
