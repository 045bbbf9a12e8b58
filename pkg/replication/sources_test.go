package replication_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/replication"
)

func TestPublishedSourcesAreReadBack(t *testing.T) {
	t.Parallel()
	sources := replication.Sources{nb: "tcp:10.0.0.1:6641", sb: "ssl:[2001:db8::1]:6642"}
	if got, want := sources.String(), "OVN_Northbound=tcp:10.0.0.1:6641,OVN_Southbound=ssl:[2001:db8::1]:6642"; got != want {
		t.Errorf("published %q, want %q", got, want)
	}
	got, err := replication.ParseSources(sources.String(), []string{nb, sb})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sources, got); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestSourcesThatLackADatabaseAreRefused(t *testing.T) {
	t.Parallel()
	for _, published := range []string{"", "x", "=", "OVN_Northbound=", "OVN_Northbound=tcp:10.0.0.1:6641", ",,"} {
		if got, err := replication.ParseSources(published, []string{nb, sb}); !errors.Is(err, replication.ErrSources) {
			t.Errorf("ParseSources(%q) = %v, %v, want ErrSources", published, got, err)
		}
	}
}
