package control

import (
	"context"
	"errors"
	"sync"
)

// parallel calls functions at the same time and returns when all have returned.
func parallel(functions ...func()) {
	var running sync.WaitGroup
	for _, f := range functions {
		running.Go(f)
	}
	running.Wait()
}

// parallelMap calls f for every item at the same time, and returns the results in the items'
// order.
func parallelMap[T, R any](items []T, f func(T) R) []R {
	results := make([]R, len(items))
	calls := make([]func(), len(items))
	for i, item := range items {
		calls[i] = func() { results[i] = f(item) }
	}
	parallel(calls...)
	return results
}

// forEachUnit calls f for every unit at the same time, to the end even where another one
// fails: a server that hangs must not keep the other from being handled.
func (c *Controller) forEachUnit(ctx context.Context, f func(context.Context, Unit) error) error {
	return errors.Join(parallelMap(c.Units, func(u Unit) error { return f(ctx, u) })...)
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
