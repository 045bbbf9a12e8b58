package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"ovndb-servers/pkg/doctor"
	"ovndb-servers/pkg/ocf"
)

// configure gives the cluster a configuration, with words replaced, and Corosync its timeouts.
func (c testCluster) configure(oldnew ...string) {
	c.t.Helper()
	text, err := os.ReadFile("testdata/cib.xml")
	if err != nil {
		c.t.Fatal(err)
	}
	write(c.t, filepath.Join(c.values, "cib.xml"), strings.NewReplacer(oldnew...).Replace(string(text)), 0o644)
	path, err := exec.LookPath("crm_mon")
	if err != nil {
		c.t.Fatal(err)
	}
	write(c.t, filepath.Join(filepath.Dir(path), "corosync-cmapctl"), "#!/bin/sh\n"+
		"echo 'runtime.config.totem.token (u32) = 1650'\necho 'runtime.config.totem.consensus (u32) = 1980'\n", 0o755)
}

// examined returns the findings of a node, but for those of the system that the test runs on.
func (c testCluster) examined(node string) []doctor.Finding {
	c.t.Helper()
	got := c.call(node, "doctor", "-o", "json")
	if got.stdout == "" {
		c.t.Fatalf("%+v", got)
	}
	var found []doctor.Finding
	for _, f := range decode[diagnosis](c.t, got.stdout).Findings {
		if f.Check != "agent link" && f.Check != "second manager" && f.Check != "clock" {
			found = append(found, f)
		}
	}
	return found
}

func TestDoctorFindsNothingUntilSomethingIsChanged(t *testing.T) {
	c := newTestCluster(t)
	c.configure()
	c.lead("node1")
	if found := c.examined("node1"); len(found) != 0 {
		t.Errorf("found %+v", found)
	}
	c.configure(`name="notify" value="true"`, `name="notify" value="false"`)
	if err := os.Chmod(filepath.Join(c.nodes["node1"], "db"), 0o777); err != nil {
		t.Fatal(err)
	}
	for node, version := range map[string]string{"node1": "7.0.0", "node2": "99.0.0"} {
		write(t, filepath.Join(c.values, "ovndb-schemas-ovndb", node), "OVN_Northbound="+version+" ovsdb-server:"+version, 0o644)
	}
	var got []string
	for _, f := range c.examined("node1") {
		got = append(got, string(f.Severity)+" "+f.Check)
	}
	if want := "problem clone, problem directories, advice schemas, advice versions"; strings.Join(got, ", ") != want {
		t.Errorf("found %q, want %s", got, want)
	}
	wantText(t, c.tool("node1", exitDegraded, "doctor").stdout, "problem: clone: clone ovndb-clone: notify is not true",
		"mend with: crm_resource --resource ovndb-clone --meta --set-parameter notify --parameter-value true\n", "chmod o-w ")
}

// A resource that is stopped everywhere is known by the configuration alone.
func TestDoctorOfAStoppedResourceExaminesItByItsConfiguration(t *testing.T) {
	c := newTestCluster(t)
	c.configure(`value="true"/><!-- interleave -->`, `value="false"/>`)
	found := c.examined("node1")
	if len(found) != 1 || found[0].Check != "clone" || found[0].Severity != doctor.Advice {
		t.Errorf("found %+v", found)
	}
}

func TestDoctorWithoutAClusterNamesEachCheckThatItCannotMake(t *testing.T) {
	c := newTestCluster(t) // whose cibadmin has no configuration to print
	c.lead("node1")
	unchecked := map[string]bool{}
	for _, f := range c.examined("node1") {
		if f.Severity == doctor.Unchecked {
			unchecked[f.Check] = true
		}
	}
	for _, name := range []string{"clone", "virtual IP", "timeouts", "monitors", "fencing", "quorum", "records", "TLS"} {
		if !unchecked[name] {
			t.Errorf("%s is not named: %v", name, unchecked)
		}
	}
	if code := c.call("node1", "doctor").code; code != exitUnknown && code != exitDegraded {
		t.Errorf("code %d", code)
	}
}

func TestServicesAreFoundByTheLinksAndGroupsOfSystemd(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	find := func() string {
		t.Helper()
		services, err := servicesIn(root, ocf.Parameters{})
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, s := range services {
			if s.Enabled {
				all = append(all, "enabled "+s.Name)
			}
			if s.Active {
				all = append(all, "active "+s.Name)
			}
		}
		return strings.Join(all, ", ")
	}
	link := func(target, name string) {
		t.Helper()
		path := filepath.Join(root, "etc/systemd/system", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
	}
	link("/lib/systemd/system/ovn-central.service", "multi-user.target.wants/ovn-central.service")
	if got := find(); got != "" {
		t.Errorf("without systemd: %s", got)
	}
	write(t, filepath.Join(root, "run/systemd/system/x"), "", 0o644)
	write(t, filepath.Join(root, "sys/fs/cgroup/system.slice/ovn-ovsdb-server-sb.service/cgroup.procs"), "", 0o644)
	link("x", "ovn-central.service.wants/ovn-ovsdb-server-nb.service")
	if got, want := find(), "enabled ovn-central.service, active ovn-ovsdb-server-sb.service"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	link("/dev/null", "ovn-central.service")
	if got, want := find(), "active ovn-ovsdb-server-sb.service"; got != want {
		t.Errorf("masked: got %s, want %s", got, want)
	}
}

// From a node whose chronyd has no rtcsync in its configuration: it keeps the clock right, and leaves STA_UNSYNC set,
// so that the kernel lets the hardware clock alone.
func TestTheClockIsJudgedByItsErrorAndNotByTheFlag(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		state unix.Timex
		err   error
		want  doctor.Severity
	}{
		{"kept right", unix.Timex{Maxerror: 20_000}, nil, ""},
		{"kept right, and the flag is set", unix.Timex{Maxerror: 20_000, Status: unix.STA_UNSYNC}, nil, ""},
		{"not since the boot", unix.Timex{Maxerror: 16_000_000, Status: unix.STA_UNSYNC}, nil, doctor.Advice},
		{"not for hours", unix.Timex{Maxerror: 15_999_999}, nil, ""},
		{"refused", unix.Timex{}, unix.EPERM, doctor.Unchecked},
	} {
		clock := clockOf(func(state *unix.Timex) (int, error) {
			*state = row.state
			return 0, row.err
		})
		var got doctor.Severity
		for _, f := range doctor.Examine(doctor.Facts{Clock: clock}) {
			if f.Check == "clock" {
				got = f.Severity
			}
		}
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
	if clock := clockOf(unix.Adjtimex); clock.Err != nil {
		t.Error(clock.Err)
	}
}

func TestLinkOfTheAgentIsFollowed(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	program, other := filepath.Join(root, "usr/sbin/ovndb-servers"), filepath.Join(root, "usr/share/ovn/shell")
	write(t, program, "p", 0o755)
	write(t, other, "s", 0o755)
	path := filepath.Join(root, "usr/lib/ocf/resource.d/ovn/ovndb-servers")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if l := linkIn(root, "ovn", program); !l.Missing || l.Target != "" || l.Err != nil {
		t.Errorf("no agent: %+v", l)
	}
	for target, want := range map[string]doctor.Link{
		program:                  {Same: true, Target: program},
		other:                    {Target: other},
		filepath.Join(root, "x"): {Missing: true, Target: filepath.Join(root, "x")},
	} {
		_ = os.Remove(path)
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		want.Path, want.Program = path, program
		if l := linkIn(root, "ovn", program); l != want {
			t.Errorf("got %+v, want %+v", l, want)
		}
	}
	_ = os.Remove(path)
	if err := os.Symlink(path, path); err != nil {
		t.Fatal(err)
	}
	if l := linkIn(root, "ovn", program); l.Err == nil {
		t.Errorf("a circle: %+v", l)
	}
}

func TestDiagnosisInEveryFormatAndItsExitCode(t *testing.T) {
	t.Parallel()
	d := diagnosis{Schema: doctorSchema, Node: "node1", Resource: "ovndb_servers", Checks: []string{"clone", "fencing", "corosync"}, Findings: []doctor.Finding{
		{Check: "clone", Severity: doctor.Problem, Text: "clone ovndb_servers-clone: notify is not true", Command: "crm_resource --meta"},
		{Check: "corosync", Severity: doctor.Unchecked, Text: "cannot be checked: corosync-cmapctl\nis not installed"},
		{Check: "fencing", Severity: doctor.Advice, Text: "text"},
	}}
	for _, format := range []string{outputTable, outputJSON, outputYAML} {
		var b strings.Builder
		if err := writeResult(screen{out: &b}, d, format); err != nil {
			t.Fatal(err)
		}
		wantGolden(t, "doctor-"+format, b.String())
	}
	for from, want := range []int{exitDegraded, exitUnknown, exitHealthy, exitHealthy} {
		part := d
		if part.Findings = d.Findings[from:]; part.exitCode() != want {
			t.Errorf("from finding %d: code %d, want %d", from, part.exitCode(), want)
		}
	}
}

// From a cluster whose only resource of the agent was deleted: doctor names its record and its state on this
// node with the commands that remove them, and first the one that shows its snapshots.
func TestDoctorNamesWhatTheLastResourceLeftBehind(t *testing.T) {
	c := newStaleNode(t)
	c.away("node1")
	c.configure(`id="ovndb" provider`, `id="other" provider`, `type="ovndb-servers"`, `type="Dummy"`)
	found := func() map[string]string {
		t.Helper()
		commands := map[string]string{}
		for _, f := range c.examined("node1") {
			if f.Check == "records" && f.Severity == doctor.Advice {
				commands[f.Command] = f.Text
			}
		}
		return commands
	}
	const removeRecord = "crm_attribute --type crm_config --set-name ovndb-servers-records --name ovndb-record-ovndb --delete"
	state, run := filepath.Join(c.nodes["node1"], "state", "ovndb"), filepath.Join(c.nodes["node1"], "state-run", "ovndb")
	got := found()
	if _, named := got["rm -r "+state+" "+run]; len(got) != 2 || !named || got[removeRecord] == "" {
		t.Errorf("got %v", got)
	}
	if err := os.RemoveAll(run); err != nil {
		t.Fatal(err)
	}
	if got := found(); len(got) != 2 || got["rm -r "+state] == "" {
		t.Errorf("without what it has said since the boot: got %v", got)
	}
	write(t, filepath.Join(state, "snapshots", "OVN_Northbound.000001.20260101T000000Z.resync.db"), "", 0o600)
	if got := found(); got["ovndb-servers snapshots list --resource ovndb"] == "" {
		t.Errorf("with a snapshot: got %v", got)
	}
	wantText(t, c.tool("node1", exitHealthy, "snapshots", "list", "--resource", "ovndb").stdout, "OVN_Northbound.000001")
}

// Without the tools of Pacemaker most checks cannot be made, all for the same reason.
func TestDoctorSaysWhatSeveralChecksHaveInCommonOnce(t *testing.T) {
	missing := func(check string) doctor.Finding {
		return doctor.Finding{Check: check, Severity: doctor.Unchecked, Text: "cibadmin is not installed"}
	}
	d := diagnosis{Findings: []doctor.Finding{
		missing("clone"), missing("fencing"), {Check: "clock", Severity: doctor.Advice, Text: "text"}, missing("TLS"),
	}}
	const want = "unchecked: clone, fencing: cibadmin is not installed\nadvice: clock: text\nunchecked: TLS: cibadmin is not installed\n"
	if got := d.text(false); !strings.HasSuffix(got, "\n"+want) {
		t.Errorf("got %q, want it to end with %q", got, want)
	}
}
