// Package parallel calls functions at the same time.
package parallel

import "sync"

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
