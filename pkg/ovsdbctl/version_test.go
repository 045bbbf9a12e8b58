package ovsdbctl_test

import (
	"regexp"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

func TestAServerNamesItsVersion(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	version, err := server.Version(within(t, testTimeout))
	if err != nil || !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(version) {
		t.Errorf("%q, %v", version, err)
	}
	server.Kill(t)
	if version, err := server.Version(within(t, testTimeout)); err == nil || version != "" {
		t.Errorf("of a dead server: %q, %v", version, err)
	}
}
