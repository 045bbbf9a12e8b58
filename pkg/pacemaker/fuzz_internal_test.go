package pacemaker

import (
	"errors"
	"testing"
)

func FuzzParseRecordOfTheCIB(f *testing.F) {
	f.Add(`<nvpair id="ovndb-servers-records-ovndb-record-p" name="ovndb-record-p" value="3 T3 node1"/>`)
	f.Add(`<a value="1"><b value="2"/></a>`)
	f.Fuzz(func(t *testing.T, out string) {
		if record, err := parsePair(out); err != nil && (record != "" || !errors.Is(err, ErrUnreadable)) {
			t.Errorf("got %q, %v", record, err)
		}
	})
}

func FuzzParseAddresses(f *testing.F) {
	f.Add(`<nvpair name="ip" value="192.0.2.1"/>`)
	f.Add(`<xpath-query><nvpair name="ip" value="fe80::1%eth0"/></xpath-query>`)
	f.Add("runtime.members.1.ip (str) = r(0) ip(192.0.2.1) \nruntime.votequorum.this_node_id (u32) = 1")
	f.Fuzz(func(t *testing.T, out string) {
		if _, err := parseResourceAddresses(out); err != nil && !errors.Is(err, ErrUnreadable) {
			t.Errorf("unclassified error: %v", err)
		}
		if address, err := parseMemberAddress(out); (err == nil) != address.IsValid() {
			t.Errorf("got %v, %v", address, err)
		}
	})
}

func FuzzParseManaged(f *testing.F) {
	f.Add(`<r><nodes><node name="n" online="true" maintenance="false"/></nodes><resources><clone id="c"><resource id="p" managed="false">`+
		`<node name="n"/></resource></clone></resources></r>`, "n")
	f.Fuzz(func(t *testing.T, text, node string) {
		managed, err := Resource{Instance: "p"}.ParseManaged([]byte(text), node)
		if err != nil && (!managed || !errors.Is(err, ErrUnreadable)) {
			t.Errorf("got %v, %v", managed, err)
		}
	})
}

func FuzzParseConfiguration(f *testing.F) {
	f.Add(`<configuration><crm_config><cluster_property_set id="s"><nvpair name="n" value="v"/></cluster_property_set></crm_config>` +
		`<resources><clone id="c"><primitive id="p" template="t"><operations><op name="monitor"/></operations></primitive></clone></resources></configuration>`)
	f.Add(`<cib><configuration><constraints><rsc_order><resource_set><resource_ref id="a"/></resource_set></rsc_order></constraints></configuration></cib>`)
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseConfiguration([]byte(text))
		if err != nil && !errors.Is(err, ErrUnreadable) {
			t.Errorf("unclassified error: %v", err)
		}
		for _, p := range c.Primitives {
			if p.Parameters == nil || p.Clone != nil && p.Clone.Meta == nil {
				t.Errorf("resource %+v", p)
			}
		}
	})
}
