package pacemaker

import (
	"encoding/xml"
	"errors"
	"strings"
	"testing"
	"time"
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

func FuzzParseConstraints(f *testing.F) {
	f.Add(`<constraints><rsc_location id="cli-prefer-p" rsc="p"><rule><date_expression operation="lt" end="2026-01-02 03:04:05 Z"/></rule></rsc_location></constraints>`)
	f.Add(`<constraints><rsc_location id="cli-ban-p-on-n" rsc="p"/><rsc_location id="other" rsc="p"/></constraints>`)
	f.Fuzz(func(t *testing.T, text string) {
		found, err := parseConstraints(text, []string{"p"})
		if err != nil && (found != nil || !errors.Is(err, ErrUnreadable)) {
			t.Errorf("got %v, %v", found, err)
		}
		for _, c := range found {
			if c.Resource != "p" || !strings.HasPrefix(c.ID, "cli-") {
				t.Errorf("got %+v of another resource, or an operator's", c)
			}
		}
	})
}

func FuzzParseDate(f *testing.F) {
	f.Add("2026-01-02 03:04:05 Z")
	f.Add("2026-01-02 03:04:05 +02:00")
	f.Add("2026-01-02 03:04:05Z")
	f.Fuzz(func(t *testing.T, text string) {
		at := parseDate(text)
		if again := parseDate(at.Format("2006-01-02 15:04:05Z07:00")); !again.Equal(at.Truncate(time.Second)) {
			t.Errorf("%q is %s, and that is %s", text, at, again)
		}
	})
}

func FuzzParseServer(f *testing.F) {
	f.Add(`<nvpair name="server" value="192.0.2.1"/>`)
	f.Add(`<xpath-query><nvpair name="addr"/><nvpair value="b"/></xpath-query>`)
	f.Fuzz(func(t *testing.T, out string) {
		server, err := parseServer(out, "node")
		if (server == "") == (err == nil) || err != nil && !errors.Is(err, ErrUnreadable) {
			t.Errorf("got %q, %v", server, err)
		}
	})
}

// FuzzRedactXML puts a secret where one may be in a CIB of any form.
func FuzzRedactXML(f *testing.F) {
	f.Add(`<cib have-quorum="1"><nvpair id="b" value="`, `" name="ssh_Key"/></cib>`)
	f.Add(`<nvpair name="options" value="--password=`, `"/>`)
	f.Add(`<?xml version="1.0"?><!DOCTYPE x><recipient id="r" value="`, `"/><!-- x --><a:b c:d="&#x41;&lt;"/>`)
	const secret = "hunter2"
	f.Fuzz(func(t *testing.T, before, after string) {
		got, err := redactXML(before + secret + after)
		if err != nil {
			if got != "" || !errors.Is(err, ErrUnreadable) {
				t.Errorf("got %q, %v", got, err)
			}
			return
		}
		again, err := redactXML(got)
		if err != nil || again != got {
			t.Errorf("%q is redacted to %q, and that to %q, %v", before+secret+after, got, again, err)
		}
		var found struct {
			XMLName xml.Name
			Name    string `xml:"name,attr"`
			Value   string `xml:"value,attr"`
		}
		if xml.Unmarshal([]byte(got), &found) == nil && isSecret(found.Name) && found.Value != removed && found.Value != "" {
			t.Errorf("%q is left in %q", found.Value, got)
		}
	})
}
