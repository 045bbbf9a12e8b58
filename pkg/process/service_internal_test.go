package process

import (
	"strings"
	"testing"
)

func TestParseService(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, content, want string }{
		{"unified hierarchy", "0::/system.slice/ovn-ovsdb-server-nb.service\n", "ovn-ovsdb-server-nb.service"},
		{"systemd's own hierarchy", "2:cpu:/\n1:name=systemd:/system.slice/ovn-northd.service\n0::/\n", "ovn-northd.service"},
		{"below a service", "0::/system.slice/ovn-central.service/control\n", "ovn-central.service"},
		{"removed meanwhile", "0::/system.slice/ovn-central.service (deleted)\n", "ovn-central.service"},
		{"without a newline", "0::/system.slice/pacemaker.service", "pacemaker.service"},
		{"a session of a person", "0::/user.slice/user-0.slice/user@0.service/app.slice/run-1.scope\n", ""},
		{"a container", "0::/system.slice/docker.service/docker-0123.scope\n", ""},
		{"a service in a container", "0::/machine.slice/a.scope/system.slice/ovn-northd.service\n", "ovn-northd.service"},
		{"no service", "0::/\n", ""},
		{"another hierarchy", "3:memory:/system.slice/ovn-northd.service\n", ""},
		{"colons in a path", "0::/system.slice/a:b.service\n", "a:b.service"},
		{"only the suffix", "0::/.service\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := parseService(tt.content); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzParseService(f *testing.F) {
	f.Add("0::/system.slice/ovn-ovsdb-server-nb.service\n")
	f.Add("12:pids:/\n1:name=systemd:/system.slice/ovn-central.service (deleted)\n0::/init.scope\n")
	f.Add("0::/../../x.service/y.scope\n")
	f.Add(":::")
	f.Fuzz(func(t *testing.T, content string) {
		got := parseService(content)
		if got == "" {
			return
		}
		if !strings.HasSuffix(got, serviceSuffix) || got == serviceSuffix || strings.ContainsAny(got, "/\n") || !strings.Contains(content, got) {
			t.Errorf("got %q", got)
		}
	})
}
