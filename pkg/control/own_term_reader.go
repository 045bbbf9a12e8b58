package control

import (
	"errors"
	"sync"
	"time"

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
	if r.hanging() {
		return r.latest()
	}
	returned := make(chan struct{})
	var own *replication.OwnTerm
	var err error
	go func() {
		defer close(returned)
		own, err = r.read()
		r.keep(own, err)
	}()
	timer := time.NewTimer(r.timeout)
	defer timer.Stop()
	select {
	case <-returned:
		return own, err
	case <-timer.C:
		r.hang(returned)
		return r.latest()
	}
}

func (r *ownTermReader) hanging() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hangs
}

// keep keeps the result of a read for the time in which there is none.
func (r *ownTermReader) keep(own *replication.OwnTerm, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.known, r.leads, r.err, r.hangs = true, own != nil, err, false
	if own != nil {
		r.last = *own
	}
}

// hang notes that a read has not returned, unless it just has.
func (r *ownTermReader) hang(returned <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-returned:
	default:
		if !r.hangs {
			r.onHang()
		}
		r.hangs = true
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
