package pacemaker_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFailuresOfMonitorsAreForgivenAndThoseOfOtherActionsAreNot(t *testing.T) {
	const query = `cibadmin|--query|--xpath|//node_state[@uname="node1"]/transient_attributes//nvpair[starts-with(@name,"fail-count-ovndb#")]`
	pair := func(name string) string { return `<nvpair id="x" name="` + name + `" value="1"/>` }
	for _, tt := range []struct {
		name, found string
		want        []string
	}{
		{"one", pair("fail-count-ovndb#asyncmon_0"), []string{"asyncmon_0"}},
		{
			"several", "<xpath-query>" + pair("fail-count-ovndb#start_0") + pair("fail-count-ovndb#monitor_5000") + pair("fail-count-ovndb#asyncmon_0") + "</xpath-query>",
			[]string{"monitor_5000", "asyncmon_0"},
		},
		{"a promotion's alone", pair("fail-count-ovndb#promote_0"), nil},
		{"an attribute that is made to look so", pair("fail-count-ovndb#monitor_5 -x"), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes(t, `case "${0##*/}" in crm_node) echo node1;; cibadmin) echo '`+tt.found+`';; esac`)
			if err := resource.ForgiveFailures(within(t)); err != nil {
				t.Fatal(err)
			}
			want := []string{"crm_node|-n", query}
			for _, operation := range tt.want {
				want = append(want, "attrd_updater|-n|fail-count-ovndb#"+operation+"|-D", "attrd_updater|-n|last-failure-ovndb#"+operation+"|-D")
			}
			if diff := cmp.Diff(want, f.commands(t)); diff != "" {
				t.Errorf("commands (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNoFailuresAreForgivenWithoutAChange(t *testing.T) {
	f := newFakes(t, `case "${0##*/}" in crm_node) echo node1;; *) exit 105;; esac`)
	if err := resource.ForgiveFailures(within(t)); err != nil {
		t.Fatal(err)
	}
	if got := len(f.commands(t)); got != 2 {
		t.Errorf("%d commands were run: %v", got, f.commands(t))
	}
}
