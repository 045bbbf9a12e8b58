package pacemaker_test

import (
	"strings"
	"testing"
)

func TestCrmMonIsAskedForUnmanagedInstancesOnlyWhereTheCIBHasACauseOfThem(t *testing.T) {
	const unmanaged = `<pacemaker-result><resources><clone id="c"><resource id="ovndb" managed="false"><node name="node1"/></resource></clone></resources></pacemaker-result>`
	for _, tt := range []struct {
		name, cibadmin string
		want           bool
		asked          int
	}{
		{"nothing in the CIB", "exit 105", true, 1},
		{"a property", `echo '<nvpair id="x" name="maintenance-mode" value="true"/>'`, false, 2},
		{"a CIB that cannot be read", "exit 1", false, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newFakes(t, `case "${0##*/}" in cibadmin) `+tt.cibadmin+`;; crm_mon) echo '`+unmanaged+`';; esac`)
			managed, err := resource.Managed(within(t), "node1")
			if err != nil || managed != tt.want {
				t.Errorf("managed %v, %v, want %v", managed, err, tt.want)
			}
			if asked := f.commands(t); len(asked) != tt.asked || !strings.HasPrefix(asked[0], "cibadmin|--query|--xpath|//nvpair[") {
				t.Errorf("ran %q", asked)
			}
		})
	}
}
