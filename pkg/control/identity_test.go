package control_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
)

// The forms in which Pacemaker names a node to an action (agents.rst, "Environment Variables", and
// pcmk__add_guest_meta_to_xml in lib/pacemaker/pcmk_sched_remote.c of Pacemaker 3.0).
func TestIdentityIsReadFromTheVariablesOfAnAction(t *testing.T) {
	t.Parallel()
	const on, uuid = "OCF_RESKEY_CRM_meta_on_node", "OCF_RESKEY_CRM_meta_on_node_uuid"
	const target, host = "OCF_RESKEY_CRM_meta_container_attribute_target", "OCF_RESKEY_CRM_meta_physical_host"
	for name, tt := range map[string]struct {
		variables map[string]string
		want      control.Identity
	}{
		"none":                {nil, control.Identity{}},
		"node of Corosync":    {map[string]string{on: "node1", uuid: "1"}, control.Identity{Name: "node1"}},
		"remote node":         {map[string]string{on: "rem1", uuid: "rem1"}, control.Identity{Name: "rem1", Remote: true}},
		"an old Pacemaker":    {map[string]string{on: "node1"}, control.Identity{Name: "node1"}},
		"a bundle's node":     {map[string]string{on: "ovn-0", uuid: "ovn-0", host: "node1"}, control.Identity{Name: "ovn-0", Remote: true}},
		"its host by request": {map[string]string{on: "ovn-0", uuid: "ovn-0", target: "host", host: "node1"}, control.Identity{Name: "ovn-0", Remote: true, Host: "node1"}},
		"another target":      {map[string]string{on: "ovn-0", uuid: "ovn-0", target: "container", host: "node1"}, control.Identity{Name: "ovn-0", Remote: true}},
	} {
		got := control.ParseIdentity(func(name string) string { return tt.variables[name] })
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// From a node of a bundle, whose names no tool of Pacemaker's can tell; the outcome is that the
// supervisor, and the commands of the tool, have the names that the action had.
func TestSupervisorAndToolHaveTheIdentityOfTheActionThatStartedTheSupervisor(t *testing.T) {
	t.Parallel()
	c := controltest.NewNode(t, controltest.NewCluster(), "ovn-dbs-bundle-0", "127.0.0.1", controltest.FreePorts(t))
	must(t, c.Start(testContext(t)))
	c.Remote, c.AttributeHost = true, "host0"
	directory := t.TempDir()
	program, environment := filepath.Join(directory, "supervisor"), filepath.Join(directory, "environment")
	script := "#!/bin/sh\nenv >" + environment + ".new\nmv " + environment + ".new " + environment + "\n"
	must(t, os.WriteFile(program, []byte(script), 0o755))
	c.Supervision.Program = program
	must(t, c.KeepSupervised(testContext(t)))
	eventually(t, "the supervisor to start", func() bool { _, err := os.Stat(environment); return err == nil })
	text, err := os.ReadFile(environment)
	must(t, err)
	variables := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		variables[name] = value
	}
	want := control.Identity{Name: "ovn-dbs-bundle-0", Remote: true, Host: "host0"}
	if diff := cmp.Diff(want, control.ParseIdentity(func(name string) string { return variables[name] })); diff != "" {
		t.Errorf("identity of the supervisor (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, control.IdentityIn(c.RunDir)); diff != "" {
		t.Errorf("identity for the tool (-want +got):\n%s", diff)
	}
	if got := control.IdentityIn(t.TempDir()); got != (control.Identity{}) {
		t.Errorf("without a state the identity is %v", got)
	}
}
