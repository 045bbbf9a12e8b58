package pacemaker_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/pacemaker"
)

const cloneXML = `<pacemaker-result><resources><clone id="ovndb-clone"><group id="g:0"><resource id="ovndb:0" resource_agent="ocf:ovn:ovndb-servers"/></group></clone></resources></pacemaker-result>`

func TestPlacementNamesTheConstraintsOfCrmResourceAloneAndWhenTheyEnd(t *testing.T) {
	newFakes(t, `case $0 in *crm_mon) `+prints(cloneXML)+` ;; *) `+prints(`<constraints>
  <rsc_location id="cli-prefer-ovndb-clone" rsc="ovndb-clone" role="Promoted">
    <rule id="cli-prefer-rule-ovndb-clone" score="INFINITY" boolean-op="and">
      <expression id="e" attribute="#uname" operation="eq" value="node2" type="string"/>
      <date_expression id="d" operation="lt" end="2026-03-04 05:06:07 -05:00"/>
    </rule>
  </rsc_location>
  <rsc_location id="cli-ban-ovndb-on-node3" rsc="ovndb" role="Started" node="node3" score="-INFINITY"/>
  <rsc_location id="cli-prefer-other" rsc="other" role="Started" node="node3" score="INFINITY"/>
  <rsc_location id="likes-node1" rsc="ovndb-clone" node="node1" score="20"/>
</constraints>`)+` ;; esac`)
	got, err := resource.Placement(within(t))
	ends := time.Date(2026, 3, 4, 10, 6, 7, 0, time.UTC)
	want := pacemaker.Placement{Clone: "ovndb-clone", Constraints: []pacemaker.Constraint{
		{ID: "cli-prefer-ovndb-clone", Resource: "ovndb-clone", Expires: ends},
		{ID: "cli-ban-ovndb-on-node3", Resource: "ovndb"},
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, difference %s", err, diff)
	}
	if c := want.Constraints[0]; c.InEffect(ends) || !c.InEffect(ends.Add(-time.Second)) || !want.Constraints[1].InEffect(ends) {
		t.Error("only a constraint whose end is over is without effect")
	}
}

func TestMovesAndPausesAreSpelledAsPacemakerKnowsThem(t *testing.T) {
	const move = "crm_resource|--resource|ovndb-clone|--move|%|--node|node2|--lifetime|PT120S"
	rows := []struct {
		name, behaviour string
		do              func(context.Context) error
		want            []string
	}{
		{
			"move", "", func(ctx context.Context) error {
				return pacemaker.MovePromoted(ctx, "ovndb-clone", "node2", 2*time.Minute)
			},
			[]string{strings.ReplaceAll(move, "%", "--promoted")},
		},
		{
			"move of Pacemaker 2.0", `case "$*" in *--promoted*) exit 64 ;; esac`,
			func(ctx context.Context) error {
				return pacemaker.MovePromoted(ctx, "ovndb-clone", "node2", 2*time.Minute)
			},
			[]string{strings.ReplaceAll(move, "%", "--promoted"), strings.ReplaceAll(move, "%", "--master")},
		},
		{
			"clear that fails once", `[ -e "$directory/again" ] || { touch "$directory/again"; exit 102; }`,
			func(ctx context.Context) error { return pacemaker.ClearMove(ctx, "ovndb-clone", "node2") },
			slices.Repeat([]string{"crm_resource|--resource|ovndb-clone|--clear|--node|node2"}, 2),
		},
		{
			"pause", "", func(ctx context.Context) error { return pacemaker.Pause(ctx, "ovndb-clone") },
			[]string{"crm_resource|--resource|ovndb-clone|--meta|--set-parameter|maintenance|--parameter-value|true"},
		},
		{
			"resume", "", func(ctx context.Context) error { return pacemaker.Resume(ctx, "ovndb-clone") },
			[]string{"crm_resource|--resource|ovndb-clone|--meta|--delete-parameter|maintenance"},
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			f := newFakes(t, row.behaviour)
			if err := row.do(within(t)); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(row.want, f.commands(t)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPausedIsTheMetaAttributeOfTheCloneAlone(t *testing.T) {
	rows := []struct {
		behaviour string
		want      bool
	}{
		{"exit 105", false},
		{prints(`<nvpair id="i" name="maintenance" value="true"/>`), true},
		{prints(`<nvpair id="i" name="maintenance" value="false"/>`), false},
		{prints(`<xpath-query><nvpair id="i" name="maintenance" value="0"/><nvpair id="j" name="maintenance" value="Yes"/></xpath-query>`), true},
	}
	for _, row := range rows {
		newFakes(t, row.behaviour)
		if got, err := pacemaker.Paused(within(t), "ovndb-clone"); err != nil || got != row.want {
			t.Errorf("%s: paused %v (%v), want %v", row.behaviour, got, err, row.want)
		}
	}
}
