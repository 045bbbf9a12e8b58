package process_test

import (
	"os"
	"path/filepath"
	"testing"

	"ovndb-servers/pkg/process"
)

func TestAccountOfOVNsPackages(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"assigned":         {"OVN_USER_ID=\"openvswitch:hugetlbfs\"\n", "openvswitch:hugetlbfs"},
		"without quotes":   {"OVN_USER_ID=openvswitch", "openvswitch"},
		"the last counts":  {"OVN_USER_ID=a\n  OVN_USER_ID='b'\n", "b"},
		"in a comment":     {"# OVN_USER_ID=\"openvswitch:openvswitch\"\n", ""},
		"not at all":       {"OVN_CTL_OPTS=\"\"\n", ""},
		"of another name":  {"NOT_OVN_USER_ID=a\n", ""},
		"without a value":  {"OVN_USER_ID=\"\"\n", ""},
		"in an empty file": {"", ""},
	} {
		path := filepath.Join(t.TempDir(), "ovn")
		if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := process.PackagedAccount(path); got != tt.want || err != nil {
			t.Errorf("%s: account is %q, %v, want %q", name, got, err, tt.want)
		}
	}
	if got, err := process.PackagedAccount(filepath.Join(t.TempDir(), "missing")); got != "" || err != nil {
		t.Errorf("no file: account is %q, %v", got, err)
	}
	if _, err := process.PackagedAccount(t.TempDir()); err == nil {
		t.Error("a directory is no file")
	}
}
