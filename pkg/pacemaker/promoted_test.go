package pacemaker_test

import (
	"errors"
	"strings"
	"testing"

	"ovndb-servers/pkg/pacemaker"
)

func TestPromotedNodeIsTheOneOnWhichTheResourceWorksInThatRole(t *testing.T) {
	t.Parallel()
	const mon = `<pacemaker-result api-version="2.38">
  <nodes><node name="node1" online="true" unclean="false"/><node name="node2" online="true" unclean="false"/></nodes>
  <resources>
    <clone id="ovndb-clone">
      <resource id="ovndb" role="Promoted" failed="false"><node name="node1"/></resource>
      <resource id="ovndb:1" role="Unpromoted" failed="false"><node name="node2"/></resource>
    </clone>
    <resource id="other" role="Started" failed="false"><node name="node2"/></resource>
  </resources>
</pacemaker-result>`
	for _, tt := range []struct {
		name     string
		resource string
		replace  []string
		want     string
	}{
		{"promoted", "ovndb", nil, "node1"},
		{"in the words of Pacemaker 2.0", "ovndb", []string{`role="Promoted"`, `role="Master"`}, "node1"},
		{"of another resource", "other", nil, ""},
		{"none", "ovndb", []string{`role="Promoted"`, `role="Unpromoted"`}, ""},
		{"two", "ovndb", []string{`role="Unpromoted"`, `role="Promoted"`}, ""},
		{"its node is lost", "ovndb", []string{`online="true" unclean="false"/><node name="node2"`, `online="false" unclean="true"/><node name="node2"`}, ""},
		{"it has failed", "ovndb", []string{`role="Promoted" failed="false"`, `role="Promoted" failed="true"`}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := pacemaker.Resource{Instance: tt.resource}.ParsePromoted([]byte(strings.NewReplacer(tt.replace...).Replace(mon)))
			if err != nil || got != tt.want {
				t.Errorf("got %q, %v, want %q", got, err, tt.want)
			}
		})
	}
	if _, err := (pacemaker.Resource{}).ParsePromoted([]byte("?")); !errors.Is(err, pacemaker.ErrUnreadable) {
		t.Errorf("text that is not XML returns %v", err)
	}
}
