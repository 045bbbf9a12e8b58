package control

import (
	"context"
	"errors"
	"sync"
	"time"

	"ovndb-servers/pkg/parallel"
	"ovndb-servers/pkg/replication"
)

// ownTermTimeout is how long a read of the own term may take; it usually takes microseconds.
const ownTermTimeout = 500 * time.Millisecond

// errOwnTermHangs is returned where the state directory does not answer and was never read.
var errOwnTermHangs = errors.New("the disk does not answer")

// ownTermReader reads the own term for a process that lives on, which must go on looking after the
// servers while the disk of the state directory hangs. Then the term that was read last counts: a
// promotion or demotion could not change it either, and the cluster record is held against it.
type ownTermReader struct {
	read    func() (*replication.OwnTerm, error)
	timeout time.Duration
	// onHang is called when the disk is first seen to hang.
	onHang func()

	mu    sync.Mutex
	known bool
	last  replication.OwnTerm
	leads bool  // last is one
	err   error // of the last read
	// hangs says that a read has not returned in time. No other is begun until it has.
	hangs bool
}

// get returns the own term as [Controller.OwnTerm] does.
func (r *ownTermReader) get() (*replication.OwnTerm, error) {
	if !r.hanging() {
		if read := r.refresh(); read != nil {
			return read.own, read.err
		}
	}
	return r.latest()
}

// ownTermRead is the result of a read.
type ownTermRead struct {
	own *replication.OwnTerm
	err error
}

func (r *ownTermReader) hanging() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hangs
}

// refresh reads the own term, and returns nil if the read does not return in time. It goes on, and ends the hang
// when it does. What another read has kept meanwhile may be older: it may have begun earlier.
func (r *ownTermReader) refresh() *ownTermRead {
	ctx, cancel := context.WithTimeout(context.Background(), r.timeout)
	defer cancel()
	var kept *ownTermRead
	_, _ = parallel.Until(ctx, func() error {
		own, err := r.read()
		r.mu.Lock()
		defer r.mu.Unlock()
		kept = &ownTermRead{own, err}
		r.keep(own, err)
		return nil
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if kept != nil {
		return kept
	}
	if !r.hangs {
		r.onHang()
	}
	r.hangs = true
	return nil
}

// keep keeps the result of a read for the time in which there is none.
func (r *ownTermReader) keep(own *replication.OwnTerm, err error) {
	r.known, r.leads, r.err, r.hangs = true, own != nil, err, false
	if own != nil {
		r.last = *own
	}
}

func (r *ownTermReader) latest() (*replication.OwnTerm, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.known:
		return nil, errOwnTermHangs
	case !r.leads:
		return nil, r.err
	default:
		own := r.last
		return &own, nil
	}
}
