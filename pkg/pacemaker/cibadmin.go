package pacemaker

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"time"

	"ovndb-servers/pkg/process"
)

const (
	// retryInterval is the pause after a refusal.
	retryInterval = 200 * time.Millisecond
	// firstTryTimeout bounds the first try, that of each further one is twice as long: cibadmin
	// of Pacemaker 2.1.5 waits on when the daemon that it has asked dies.
	firstTryTimeout = 5 * time.Second
)

// errTryTimeout is the cause of the end of a try.
var errTryTimeout = errors.New("no answer from the cluster manager")

// runCIBAdmin runs cibadmin, and again if it gets no answer from the CIB's daemon, which
// pacemakerd respawns when it dies. It gives up when half of the time to ctx's deadline is over, so
// that the caller can still act on that. A change may be made more than once, or be made though
// there is an error.
func runCIBAdmin(ctx context.Context, args ...string) (string, error) {
	retrying, cancel := halfOf(ctx)
	defer cancel()
	for timeout := firstTryTimeout; ; timeout *= 2 {
		out, err := runTry(ctx, timeout, args...)
		if !isUnanswered(err) {
			return out, err
		}
		select {
		case <-retrying.Done():
			return out, err
		case <-time.After(retryInterval):
		}
	}
}

func runTry(ctx context.Context, timeout time.Duration, args ...string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, errTryTimeout)
	defer cancel()
	return process.Run(ctx, cibadmin, args...)
}

// parseValues reads the values of the nvpair elements that a query has found: one element, or several in
// another, which has no value. The error is ErrUnreadable.
func parseValues(out string) ([]string, error) {
	var found struct {
		Value string   `xml:"value,attr"`
		Pairs []nvpair `xml:"nvpair"`
	}
	if err := xml.Unmarshal([]byte(out), &found); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrUnreadable, cibadmin, err)
	}
	var values []string
	for _, pair := range append(found.Pairs, nvpair{Value: found.Value}) {
		values = append(values, pair.Value)
	}
	return values, nil
}

// isUnanswered reports whether a program failed because no daemon answered it.
func isUnanswered(err error) bool {
	return errors.Is(err, errTryTimeout) || slices.Contains([]int{exitDisconnected, exitTimeout}, exitCode(err))
}

// halfOf returns a context that ends when half of the time to ctx's deadline is over.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	return context.WithCancel(ctx)
}
