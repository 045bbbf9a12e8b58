package parallel_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/parallel"
)

// Each call waits until all have begun, and the first ends last.
func TestMapCallsAtTheSameTimeAndKeepsTheOrder(t *testing.T) {
	t.Parallel()
	var begun sync.WaitGroup
	begun.Add(3)
	last := make(chan struct{})
	got := parallel.Map([]int{1, 2, 3}, func(i int) int {
		begun.Done()
		begun.Wait()
		switch i {
		case 1:
			<-last
		case 3:
			close(last)
		}
		return 10 * i
	})
	if want := []int{10, 20, 30}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestCallThatDoesNotReturnIsLeftBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		release := make(chan struct{})
		if returned, err := parallel.Until(ctx, func() error { <-release; return io.EOF }); returned || err != nil {
			t.Errorf("returned %t, error %v", returned, err)
		}
		close(release)
		if returned, err := parallel.Until(t.Context(), func() error { return io.EOF }); !returned || !errors.Is(err, io.EOF) {
			t.Errorf("returned %t, error %v, want that of the call", returned, err)
		}
	})
}
