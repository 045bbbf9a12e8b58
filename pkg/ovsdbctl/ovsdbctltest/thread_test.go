package ovsdbctltest_test

import (
	"runtime"
	"sync"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// The thread of a goroutine that is locked to it ends with that, but for the first one of the process: at least one
// of two does.
func TestServersOutliveTheThreadsOfTheirStarts(t *testing.T) {
	t.Parallel()
	var servers [2]*ovsdbctltest.Server
	var starts sync.WaitGroup
	for i := range servers {
		starts.Go(func() {
			runtime.LockOSThread() // and not unlocked
			servers[i] = ovsdbctltest.Start(t, ovsdbctl.Northbound())
		})
	}
	starts.Wait()
	for range 20 { // the end of a thread comes after that of its goroutine
		for _, server := range servers {
			if _, err := server.SyncStatus(t.Context()); err != nil {
				t.Fatalf("a server is gone: %v", err)
			}
		}
	}
}
