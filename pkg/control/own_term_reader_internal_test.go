package control

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/replication"
)

func TestOwnTermThatWasReadLastCountsWhileTheDiskHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		close(hang)
		reads, hung := 0, 0
		stored, failure := &replication.OwnTerm{Record: replication.Record{Term: 3}}, error(nil)
		r := &ownTermReader{timeout: time.Second, onHang: func() { hung++ }, read: func() (*replication.OwnTerm, error) {
			reads++
			own, err := stored, failure
			<-hang
			return own, err
		}}
		wantTerm := func(state string, want uint64, wantErr error) {
			t.Helper()
			own, err := r.get()
			if !errors.Is(err, wantErr) || (own == nil) != (want == 0) || own != nil && own.Record.Term != want {
				t.Errorf("%s: got %+v, %v", state, own, err)
			}
		}
		wantTerm("the disk answers", 3, nil)
		release := make(chan struct{})
		hang = release
		for range 3 {
			wantTerm("it hangs", 3, nil)
		}
		synctest.Wait() // the read that hangs has counted itself
		if reads != 2 || hung != 1 {
			t.Errorf("%d reads, want 2: one waits; %d reports", reads, hung)
		}
		close(release)
		synctest.Wait()
		stored = nil
		wantTerm("it answers again, and the term was dropped", 0, nil)
		failure = errors.New("damaged")
		wantTerm("it cannot be read", 0, failure)
		failure = nil
		r = &ownTermReader{timeout: time.Second, onHang: func() {}, read: func() (*replication.OwnTerm, error) {
			time.Sleep(time.Hour)
			return nil, nil //nolint:nilnil // it led none
		}}
		wantTerm("it hangs from the beginning", 0, errOwnTermHangs)
		time.Sleep(2 * time.Hour) // the read returns
	})
}

// The read returns, and the lock of the reader lets it and the end of its time pass one after the other. A read
// that has returned does not hang, whichever comes first.
func TestOwnTermIsReadAgainAfterAReadThatReturnsAtTheEndOfItsTime(t *testing.T) {
	t.Parallel()
	reads := 0
	r := &ownTermReader{timeout: 10 * time.Millisecond, onHang: func() {}}
	r.read = func() (*replication.OwnTerm, error) {
		if reads++; reads == 1 {
			r.mu.Lock()
			time.AfterFunc(5*r.timeout, func() { // the result, and then the end of the time, wait for it
				r.mu.Unlock()
				r.mu.Lock() // taken before those who wait, who get it in turn from then on
				time.Sleep(r.timeout)
				r.mu.Unlock()
			})
		}
		return &replication.OwnTerm{Record: replication.Record{Term: 3}}, nil
	}
	for range 2 {
		if own, err := r.get(); err != nil || own.Record.Term != 3 {
			t.Errorf("got %+v, %v", own, err)
		}
	}
	if reads != 2 {
		t.Errorf("%d reads, want 2: the first one has returned", reads)
	}
}

// Two reads are under way at once, as of the loop and of the cluster poller: the first one has read the earlier term,
// and its result is kept right after that of the second one.
func TestOwnTermIsThatOfTheReadItselfWhereAnEarlierReadEndsAfterIt(t *testing.T) {
	t.Parallel()
	var r *ownTermReader
	begun, goOn := make(chan struct{}), make(chan struct{})
	reads := atomic.Int32{}
	r = &ownTermReader{timeout: time.Minute, onHang: func() {}, read: func() (*replication.OwnTerm, error) {
		if reads.Add(1) == 1 {
			close(begun)
			<-goOn
			return &replication.OwnTerm{Record: replication.Record{Term: 3}}, nil
		}
		r.mu.Lock() // results are kept in the order in which they wait for it
		time.AfterFunc(20*time.Millisecond, func() { close(goOn) })
		time.AfterFunc(60*time.Millisecond, func() {
			r.mu.Unlock()
			r.mu.Lock() // taken before those who wait, who get it in turn from then on
			time.Sleep(20 * time.Millisecond)
			r.mu.Unlock()
		})
		return &replication.OwnTerm{Record: replication.Record{Term: 4}}, nil
	}}
	var first sync.WaitGroup
	first.Go(func() { _, _ = r.get() })
	<-begun
	if own, err := r.get(); err != nil || own.Record.Term != 4 {
		t.Errorf("got %+v, %v, want term 4", own, err)
	}
	first.Wait()
}
