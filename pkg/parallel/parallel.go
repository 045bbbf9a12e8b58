// Package parallel calls functions beside each other.
package parallel

import (
	"context"
	"sync"
)

// Do calls functions at the same time and returns when all have returned.
func Do(functions ...func()) {
	var running sync.WaitGroup
	for _, f := range functions {
		running.Go(f)
	}
	running.Wait()
}

// Map calls f for every item at the same time, and returns the results in the items' order.
func Map[T, R any](items []T, f func(T) R) []R {
	results := make([]R, len(items))
	calls := make([]func(), len(items))
	for i, item := range items {
		calls[i] = func() { results[i] = f(item) }
	}
	Do(calls...)
	return results
}

// Until calls f and returns its error. A call that has not returned when ctx ends, as on a disk
// that hangs, is left behind; returned is false then.
func Until(ctx context.Context, f func() error) (returned bool, err error) {
	result := make(chan error, 1)
	go func() { result <- f() }()
	select {
	case err := <-result:
		return true, err
	case <-ctx.Done():
		return false, nil
	}
}
