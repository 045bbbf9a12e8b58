package process

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func FuzzSettingsOfOVNsPackages(f *testing.F) {
	f.Add("# comment\nOVN_USER_ID=\"openvswitch:openvswitch\"\nOVN_NORTHD_OPTS=x\n")
	f.Add("OVN_USER_ID='a\nOVN_USER_ID=")
	f.Add("OVN_USER_ID=${OVN_DBDIR-'/var/lib/ovn'} # x")
	f.Fuzz(func(t *testing.T, settings string) {
		values, err := parseSettings(strings.NewReader(settings), []string{"OVN_USER_ID", "OVN_DBDIR"})
		if err != nil {
			return
		}
		for _, value := range values {
			if strings.ContainsAny(value, "\n") || !strings.Contains(settings, value) {
				t.Errorf("got %q", value)
			}
		}
		if owner, err := LookupOwner(values["OVN_USER_ID"]); err == nil && (owner.UID < 0 || owner.GID < 0) {
			t.Errorf("%v is %+v", values, owner)
		}
		found := packagedDirectories{database: values["OVN_DBDIR"]}
		if under, err := found.under("/root"); err == nil && under.database != "" && !strings.HasPrefix(under.database, "/root") {
			t.Errorf("%q is %q", found.database, under.database)
		}
	})
}

// The process that prints the reply is of the servers' account, which can make it print anything.
func FuzzReplyOfTheAccount(f *testing.F) {
	f.Add(`{"ensured":{"outcome":"created"},"error":"x","kind":3}`)
	f.Add(`{"error":"x","kind":-1}`)
	f.Fuzz(func(t *testing.T, output string) {
		reply, err := parseReply(output)
		if err != nil {
			return
		}
		if failure := reply.failure(); (failure == nil) != (reply.Error == "") || failure != nil && failure.Error() != reply.Error {
			t.Errorf("%+v is the error %v", reply, failure)
		}
	})
}

func FuzzStatusField(f *testing.F) {
	f.Add("Name:\tx\nUid:\t0\t1\t2\t3\nNSpid:\t7\t1\n", "Uid")
	f.Fuzz(func(t *testing.T, content, name string) {
		for _, word := range statusField(content, name) {
			if word == "" || !strings.Contains(content, word) {
				t.Errorf("got %q", word)
			}
		}
	})
}

// The file is in a directory that ovn-ctl gives to the account of the servers.
func FuzzNorthdParameters(f *testing.F) {
	f.Add([]byte("--n-threads=4 --dry-run\n"))
	f.Add([]byte("--det"))
	f.Add([]byte("--pidfil\x00e=x\t--unixct"))
	path := filepath.Join(f.TempDir(), "ovn-northd.conf")
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		options, err := NorthdParameters(path)
		if (options == nil) == (err == nil) || err != nil && !errors.Is(err, ErrNorthdParameters) {
			t.Errorf("got %q, %v", options, err)
		}
		for _, option := range options {
			if takenByAgent(option) || strings.ContainsAny(option, " \t\n") || strings.Contains(option, "\x00") {
				t.Errorf("ovn-northd is given %q", option)
			}
		}
	})
}
