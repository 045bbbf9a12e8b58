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

// CallUntil calls f and returns its error. A call that has not returned when ctx ends, as on a disk
// that hangs, is left behind; returned is false then.
func CallUntil(ctx context.Context, f func() error) (returned bool, err error) {
	result := make(chan error, 1)
	go func() { result <- f() }()
	select {
	case err := <-result:
		return true, err
	case <-ctx.Done():
		return false, nil
	}
}

// background calls f at once and returns a function that waits for its result.
func background[T any](f func() (T, error)) func() (T, error) {
	result := sync.OnceValues(f)
	go func() { _, _ = result() }()
	return result
}
