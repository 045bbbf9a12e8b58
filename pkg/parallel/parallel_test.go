package parallel_test

import (
	"slices"
	"sync"
	"testing"

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
