package pacemaker_test

import (
	"strings"
	"testing"
)

func TestRecordIsReadTogetherWithAllThatLeavesInstancesAlone(t *testing.T) {
	const pair = `<nvpair id="ovndb-servers-records-ovndb-record-ovndb" name="ovndb-record-ovndb" value="3 T3 node1"/>`
	const other = `<nvpair id="x" name="maintenance-mode" value="true"/>`
	for _, tt := range []struct {
		name, cibadmin, want string
		managed              bool
	}{
		{"the record alone", "echo '" + pair + "'", "3 T3 node1", true},
		{"nothing", "exit 105", "", true},
		{"both", "echo '<xpath-query>" + other + pair + "</xpath-query>'", "3 T3 node1", false},
		{"no record", "echo '" + other + "'", "", false},
		{"several, and no record", "echo '<xpath-query>" + other + other + "</xpath-query>'", "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newFakes(t, tt.cibadmin)
			text, managed, err := resource.RecordWhereManaged(within(t))
			if err != nil || text != tt.want || managed != tt.managed {
				t.Errorf("got %q, %v, %v, want %q, %v", text, managed, err, tt.want, tt.managed)
			}
		})
	}
}

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
