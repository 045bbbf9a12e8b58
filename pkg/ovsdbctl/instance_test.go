package ovsdbctl_test

import (
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// askInstance asks an endpoint for its instance and its global row.
func askInstance(t *testing.T, endpoint string) (ovsdbctl.Instance, string) {
	t.Helper()
	ctx := within(t, testTimeout)
	store, err := ovsdbctl.Open(ctx, endpoint, ovsdbctl.Northbound())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	instance, err := store.Instance(ctx)
	if err != nil {
		t.Fatal(err)
	}
	id, err := store.GlobalID(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return instance, id
}

func TestTwoAddressesOfAProcessHaveOneInstanceAndItsBackupAnotherWithTheSameGlobalRow(t *testing.T) {
	t.Parallel()
	number := port(t)
	active := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("ptcp:"+number+":127.0.0.1"))
	blank, id := askInstance(t, active.Endpoint())
	if blank.Model != ovsdbctl.ModelStandalone || blank.ID == "" || id != "" {
		t.Errorf("a blank server is %+v with global row %q", blank, id)
	}
	store, err := active.Open(within(t, testTimeout))
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if err := store.EnsureGlobal(within(t, testTimeout)); err != nil {
		t.Fatal(err)
	}
	backup := ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.SyncFrom(active.Endpoint()))
	backup.AwaitStatus(t, "the backup replicates", func(s ovsdbctl.SyncStatus) bool { return s.Link == ovsdbctl.LinkReplicating })
	again, row := askInstance(t, "tcp:127.0.0.1:"+number)
	other, copied := askInstance(t, backup.Endpoint())
	if again != blank || row == "" || other.ID == blank.ID || copied != row {
		t.Errorf("the active is %+v, by its other address %+v with row %q; the backup is %+v with row %q", blank, again, row, other, copied)
	}
}
