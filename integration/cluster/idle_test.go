package cluster

import (
	"strings"
	"testing"
)

func TestTransitionNamesItsFirstAction(t *testing.T) {
	t.Parallel()
	const begin, end = `<pacemaker-result api-version="2.38"><actions/>`, `<status code="0" message="OK"/></pacemaker-result>`
	for name, tt := range map[string]struct{ text, want string }{
		"idle": {begin + `<transition/>` + end, ""},
		"a node goes into standby": {
			begin + `<transition><pseudo_action task="c_pre_notify_stop_0"/><rsc_action resource="r" op="stop" node="node1"/></transition>` + end,
			"2 actions are left, the first is c_pre_notify_stop_0",
		},
		"a probe is missing": {
			begin + `<transition><rsc_action resource="r" op="monitor" node="node1"/></transition>` + end,
			"1 actions are left, the first is monitor r node1",
		},
		"no XML": {"crm_simulate: not connected", "cannot parse"},
	} {
		err := parseTransition([]byte(tt.text))
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

func TestTransitionOfPacemaker20NamesItsFirstAction(t *testing.T) {
	t.Parallel()
	const begin, end = "Transition Summary:\n\nExecuting cluster transition:\n", "\nRevised cluster status:\nOnline: [ node1 ]\n * not one of them\n"
	for name, tt := range map[string]struct{ text, want string }{
		"idle": {begin + end, ""},
		"a node goes into standby": {
			begin + " * Pseudo action:   r-clone_pre_notify_stop_0\n * Resource action: r               stop on node1\n" + end,
			"2 actions are left, the first is Pseudo action: r-clone_pre_notify_stop_0",
		},
		"no transition": {"crm_simulate: not connected", "cannot parse"},
	} {
		err := parseTransitionText(tt.text)
		switch {
		case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.HasPrefix(err.Error(), tt.want)):
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}
