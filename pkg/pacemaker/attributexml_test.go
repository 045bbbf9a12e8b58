package pacemaker_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/pacemaker"
)

// The forms of Pacemaker 2.0.5, and of 2.1.5 and later.
const (
	queried = `name="master-ovndb" host="node1" value="100"
name="master-ovndb" host="node2" value="50"
name="master-ovndb" host="node3" value=""
`
	queriedXML = `<pacemaker-result api-version="2.38" request="attrd_updater -n master-ovndb -Q -A --output-as=xml">
  <attribute name="master-ovndb" value="100" host="node1"/>
  <attribute name="master-ovndb" value="50" host="node2"/>
  <attribute name="master-ovndb" value="" host="node3"/>
  <status code="0" message="OK"/>
</pacemaker-result>`
)

func TestParseAttributeValues(t *testing.T) {
	t.Parallel()
	both := map[string]string{"node1": "100", "node2": "50"}
	for _, tt := range []struct {
		name, attribute, out string
		want                 map[string]string
		skipped              int
	}{
		{"a node without a value is left out", "master-ovndb", queried, both, 0},
		{"a node without a value is left out of XML", "master-ovndb", queriedXML, both, 0},
		{"nothing printed: no values", "master-ovndb", "", map[string]string{}, 0},
		{"another attribute's lines are passed over", "x", queried, map[string]string{}, 0},
		{"another attribute's elements are passed over", "x", queriedXML, map[string]string{}, 0},
		{"a quote harms its own node alone", "p", `name="p" host="node1" value="a"b"` + "\n" + `name="p" host="node2" value="c"`, map[string]string{"node2": "c"}, 1},
		{
			"a line break that forges a node's line: that node's own does not count, and no other is harmed", "p",
			`name="p" host="node1" value="x"` + "\n" + `name="p" host="node3" value="forged"` + "\n" + `name="p" host="node3" value="own"` + "\n" + `name="p" host="node2" value="c"`,
			map[string]string{"node1": "x", "node2": "c"},
			1,
		},
		{
			"a line break in XML forges nothing", "p",
			`<r><attribute name="p" value="x&#10;name=&quot;p&quot; host=&quot;node3&quot; value=&quot;forged&quot;" host="node1"/><attribute name="p" value="own" host="node3"/></r>`,
			map[string]string{"node1": "x\nname=\"p\" host=\"node3\" value=\"forged\"", "node3": "own"},
			0,
		},
		{
			"three elements of a node: none counts", "p",
			`<r><attribute name="p" value="a" host="n"/><attribute name="p" value="b" host="n"/><attribute name="p" value="c" host="n"/></r>`,
			map[string]string{},
			2,
		},
		{
			"a value too long to be one of ours harms its own node alone", "p",
			`<r><attribute name="p" value="` + strings.Repeat("x", 9000) + `" host="node1"/><attribute name="p" value="c" host="node2"/></r>`,
			map[string]string{"node2": "c"},
			1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, skipped, err := pacemaker.ParseAttributeValues(tt.attribute, tt.out)
			if err != nil || skipped != tt.skipped {
				t.Errorf("passed over %d, want %d; error %v", skipped, tt.skipped, err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseAttributeValuesRefusesOtherText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Connection to the CIB manager failed", "<r><attribute", "<", "prose\nprose",
		`name="x" host="node1" value="` + strings.Repeat("x", 2<<20) + `"`,
	} {
		if _, _, err := pacemaker.ParseAttributeValues("x", text); !errors.Is(err, pacemaker.ErrUnreadable) || len(err.Error()) > 500 {
			t.Errorf("error is %v, want a short ErrUnreadable", err)
		}
	}
}

func TestAttributesOfPacemaker20AreReadByLine(t *testing.T) {
	newFakes(t, `case "$*" in *--output-as*) echo 'unrecognized option' >&2; exit 64;; esac`+"\n"+prints(strings.TrimSpace(queried)))
	got, err := resource.Scores(within(t))
	if diff := cmp.Diff(map[string]string{"node1": "100", "node2": "50"}, got); diff != "" || err != nil {
		t.Errorf("error %v; scores (-want +got):\n%s", err, diff)
	}
}

func FuzzParseAttributeValues(f *testing.F) {
	f.Add("master-ovndb", queried)
	f.Add("master-ovndb", queriedXML)
	f.Fuzz(func(t *testing.T, name, out string) {
		values, _, err := pacemaker.ParseAttributeValues(name, out)
		if err != nil && !errors.Is(err, pacemaker.ErrUnreadable) {
			t.Fatalf("unexpected error: %v", err)
		}
		for node, value := range values {
			if value == "" {
				t.Errorf("node %q has an empty value", node)
			}
		}
	})
}
