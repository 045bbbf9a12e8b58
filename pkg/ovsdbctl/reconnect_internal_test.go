package ovsdbctl

import "testing"

func TestVersionsInWhichABackupRefusesLocksAreToldFromLaterOnes(t *testing.T) {
	t.Parallel()
	for text, refuses := range map[string]bool{
		"ovsdb-server (Open vSwitch) 2.17.9":           true,
		"ovsdb-server (Open vSwitch) 3.1.0\nDB Schema": true,
		"ovsdb-server (Open vSwitch) 3.2.90":           true,
		"ovsdb-server (Open vSwitch) 3.3.0":            false,
		"ovsdb-server (Open vSwitch) 3.10.1":           false,
		"ovsdb-server (Open vSwitch) 4.0":              false,
		"ovsdb-server (Open vSwitch) 3.5.0-dev\n":      false,
		"unreadable": true,
		"":           true,
	} {
		version, ok := parseVersion(versionIn(text))
		if got := !ok || older(version, keepsRefusedLocks()); got != refuses {
			t.Errorf("%q: %v, want %v", text, got, refuses)
		}
	}
}
