package main

import (
	"fmt"
	"regexp"
	"testing"

	"ovndb-servers/integration/cluster"
)

func TestTargetsAreTheNodesInTheirRoles(t *testing.T) {
	t.Parallel()
	names := []string{"node1", "node2", "node3"}
	for _, one := range []struct {
		on             target
		promoted, want string
	}{
		{active, "node2", "node2"},
		{firstBackup, "node2", "node1"},
		{secondBackup, "node2", "node3"},
		{firstBackup, "node1", "node2"},
		{active, "", "node1"},
		{secondBackup, "", "node3"},
		{wholeCluster, "node2", ""},
	} {
		if got := nodeFor(one.on, names, one.promoted); got != one.want {
			t.Errorf("%s with %q promoted is %q, want %q", one.on, one.promoted, got, one.want)
		}
	}
}

func TestPatternsMatchTheProcessesOfNodes(t *testing.T) {
	t.Parallel()
	const (
		northbound = "/usr/sbin/ovsdb-server --detach --pidfile=/run/ovn/ovnnb_db.pid --unixctl=/run/ovn/ovnnb_db.ctl /var/lib/ovn/ovnnb_db.db"
		southbound = "ovsdb-server --pidfile=/run/ovn/ovnsb_db.pid /var/lib/ovn/ovnsb_db.db"
		monitoring = "ovsdb-server: monitoring pid 812 (healthy)"
		supervisor = "/usr/sbin/ovndb-servers supervise"
		promotion  = "/usr/lib/ocf/resource.d/ovn/ovndb-servers promote"
		controld   = "/usr/lib/pacemaker/pacemaker-controld"
		pacemakerd = "/usr/sbin/pacemakerd"
		wrapper    = "/bin/sh /usr/local/sbin/pacemakerd"
		shell      = "sh -c ... ^[^ ]*/pacemaker-controld( |$)"
	)
	all := []string{northbound, southbound, monitoring, supervisor, promotion, controld, pacemakerd, wrapper, shell}
	for name, one := range map[string]struct {
		pattern string
		want    []string
	}{
		"nb":         {pattern(fault{Kind: killServer, Of: "nb"}), []string{northbound}},
		"sb":         {pattern(fault{Kind: stopServer, Of: "sb"}), []string{southbound}},
		"both":       {pattern(fault{Kind: killServer, Of: "nb+sb"}), []string{northbound, southbound}},
		"supervisor": {pattern(fault{Kind: killSupervisor}), []string{supervisor}},
		"controld":   {pattern(fault{Kind: killPacemaker, Of: "pacemaker-controld"}), []string{controld}},
		"pacemakerd": {pattern(fault{Kind: stopPacemaker, Of: "pacemakerd"}), []string{pacemakerd}},
		"promote":    {pattern(fault{Kind: killAction, Of: "(promote|demote)"}), []string{promotion}},
	} {
		expression := regexp.MustCompile(one.pattern)
		var got []string
		for _, line := range all {
			if expression.MatchString(line) {
				got = append(got, line)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(one.want) {
			t.Errorf("%s: %s matches %q, want %q", name, one.pattern, got, one.want)
		}
	}
}

func TestEachKindThatIsDrawnHasACause(t *testing.T) {
	t.Parallel()
	causes := newInjector(&cluster.Cluster{}).causes()
	for _, one := range recipes() {
		if causes[one.kind] == nil {
			t.Errorf("%s cannot be caused", one.kind)
		}
	}
	if len(causes) != len(recipes()) {
		t.Errorf("%d causes for %d kinds that are drawn", len(causes), len(recipes()))
	}
}
