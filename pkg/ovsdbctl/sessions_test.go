package ovsdbctl_test

import (
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func TestEachOpenSessionIsCounted(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	ctx := within(t, testTimeout)
	for want := range 3 {
		if got, err := server.Sessions(ctx); err != nil || got != want {
			t.Errorf("%d sessions, %v, want %d", got, err, want)
		}
		store, err := server.Open(ctx)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(store.Close)
	}
}
