package ocf_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/network"
	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/pki"
	"ovndb-servers/pkg/pki/pkitest"
	"ovndb-servers/pkg/process/processtest"
)

// validate runs validate-all and returns its code, its exit reason and its log.
func validate(t *testing.T, e environment) (code ocf.ExitCode, stderr, log string) {
	t.Helper()
	var reasons, lines strings.Builder
	logger := logrus.New()
	logger.SetOutput(&lines)
	agent := ocf.Agent{
		Getenv: e.getenv, Stdout: io.Discard, Stderr: &reasons, Log: logger, Version: "0.0.0",
		Cluster: noCluster{}, Network: network.Interfaces{},
	}
	code = agent.Run(t.Context(), "validate-all")
	return code, reasons.String(), lines.String()
}

// noCluster stands for a cluster manager that is not there.
type noCluster struct{}

func (noCluster) Resource(string, control.Identity) control.Cluster { return control.Alone{} }

func (noCluster) LocalNode(context.Context) (string, error) { return "", errors.New("no cluster") }

func (noCluster) ResourceAddresses(context.Context) ([]netip.Addr, error) {
	return nil, errors.New("no cluster")
}

func (noCluster) MemberAddresses(context.Context, control.Identity) ([]netip.Addr, error) {
	return nil, errors.New("no cluster")
}

// byHand is the least that an action needs, and a virtual IP address.
func byHand(namesAndValues ...string) environment {
	return parameters(append([]string{"master_ip", "192.0.2.10"}, namesAndValues...)...).and(environment{
		"OCF_RESOURCE_INSTANCE": "ovndb", "OCF_ROOT": "/usr/lib/ocf", "OCF_RA_VERSION_MAJOR": "1", "OCF_RA_VERSION_MINOR": "1",
	})
}

func TestFilesForTLSThatDoNotServeAreRefusedByValidateAllOfTheNode(t *testing.T) {
	t.Parallel()
	authority := pkitest.New(t, "authority")
	check := func(files pki.Files) (ocf.ExitCode, string) {
		code, stderr, _ := validate(t, byHand(
			"ovn_dbdir", t.TempDir(), "node_address", "192.0.2.1", "sb_master_protocol", "ssl", "ovn_sb_db_privkey", files.PrivateKey,
			"ovn_sb_db_cert", files.Certificate, "ovn_sb_db_cacert", files.CACert).and(environment{"OCF_CHECK_LEVEL": "10"}))
		return code, stderr
	}
	files := authority.Files(t, "node")
	if code, stderr := check(files); code != ocf.Success {
		t.Errorf("code %v: %s", code, stderr)
	}
	expired := authority.Files(t, "node", pkitest.Valid(-2*time.Hour, -time.Hour))
	if code, stderr := check(expired); code != ocf.ErrGeneric || !strings.Contains(stderr, "expired on") || !strings.Contains(stderr, expired.Certificate) {
		t.Errorf("code %v: %s", code, stderr)
	}
}

func TestParametersOfTheShellAgentThatAskForNothingAreNoMatter(t *testing.T) {
	t.Parallel()
	_, _, log := validate(t, byHand("manage_northd", "no", "ovn_nb_db_privkey", ""))
	if strings.Contains(log, "level=warning") {
		t.Errorf("warned:\n%s", log)
	}
}

func TestOfWhatTheAgentRunsAllProgramsHaveToBeThere(t *testing.T) {
	programs := t.TempDir()
	for _, name := range []string{"ovsdb-server", "ovsdb-tool", "ovn-northd"} {
		// The system's directories are searched after those of PATH.
		if err := os.WriteFile(filepath.Join(programs, name), []byte("#!/bin/sh\nexit 0\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	check := func(manage string) (ocf.ExitCode, string) {
		code, stderr, _ := validate(t, byHand(
			"manage_northd", manage, "ovn_dbdir", t.TempDir(), "node_address", "192.0.2.1").and(environment{"OCF_CHECK_LEVEL": "10"}))
		return code, stderr
	}
	if code, stderr := check("yes"); code != ocf.Success {
		t.Fatalf("code %v: %s", code, stderr)
	}
	if err := os.WriteFile(filepath.Join(programs, "ovn-northd"), []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if code, stderr := check("no"); code != ocf.Success {
		t.Errorf("code %v: %s, though it is not needed", code, stderr)
	}
	if code, stderr := check("yes"); code == ocf.Success || !strings.Contains(stderr, "ovn-northd") {
		t.Errorf("code %v: %s, though ovn-northd does not work", code, stderr)
	}
}

func TestAUserOrGroupThatThisNodeDoesNotHaveIsNotInstalled(t *testing.T) {
	t.Parallel()
	for _, user := range []string{"nobody-of-this-name", "root:no-group-of-this-name"} {
		dir := t.TempDir()
		code, stderr, _ := validate(t, byHand("ovn_user", user, "ovn_dbdir", dir).and(environment{"OCF_CHECK_LEVEL": "10"}))
		if code != ocf.ErrInstalled || !strings.Contains(stderr, "of-this-name") {
			t.Errorf("%s: code %v: %s", user, code, stderr)
		}
	}
}

func TestDirectoriesThatCannotBeTheServersAreRefusedByValidateAll(t *testing.T) {
	t.Parallel()
	processtest.NeedRoot(t)
	foreign, rundir := t.TempDir(), t.TempDir()
	if err := os.Chown(foreign, 64999, 64998); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		directory, level, user string
		code                   ocf.ExitCode
		says                   string
	}{
		{"/etc", "0", "", ocf.ErrConfigured, "whole system"},
		{"/etc/", "10", "64999:64998", ocf.ErrConfigured, "whole system"},
		{"/etc", "10", "user-of-no-node", ocf.ErrConfigured, "whole system"},
		{foreign, "0", "", ocf.Success, ""},
		{foreign, "10", "", ocf.ErrArgs, "belongs to user 64999"},
		{rundir, "10", "64999:64998", ocf.ErrArgs, "chown -R 64999:64998 " + rundir},
		{filepath.Join(foreign, "missing"), "10", "64999:64998", ocf.ErrArgs, "is not root's"},
	} {
		code, reason, _ := validate(t, byHand("ovn_logdir", test.directory, "ovn_user", test.user, "ovn_dbdir", rundir, "node_address", "192.0.2.1").
			and(environment{"OCF_CHECK_LEVEL": test.level}))
		if code != test.code || !strings.Contains(reason, test.says) {
			t.Errorf("%+v: code %v: %s", test, code, reason)
		}
	}
	if left, err := os.ReadDir(foreign); err != nil || len(left) > 0 {
		t.Errorf("it holds %v, %v", left, err)
	}
}

func TestServersThatRunAsRootAreAWarningOfValidateAllOfTheNodeAndNoReasonToFail(t *testing.T) {
	t.Parallel()
	const warning = "the servers run as root"
	for _, test := range []struct {
		user, level string
		warned      bool
	}{
		{"root", "10", true}, {"root", "0", false}, {"64999:64998", "10", false},
	} {
		root, err := os.MkdirTemp("", "ovn") // sockets have short paths
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(root) })
		code, reason, log := validate(t, byHand("ovn_user", test.user, "node_address", "192.0.2.1",
			"ovn_rundir", filepath.Join(root, "run"), "ovn_logdir", filepath.Join(root, "log"), "ovn_dbdir", filepath.Join(root, "db")).
			and(environment{"OCF_CHECK_LEVEL": test.level}))
		if warned := strings.Contains(log, warning); warned != test.warned || strings.Contains(reason, warning) || code != ocf.Success {
			t.Errorf("%+v: code %v, %q, log:\n%s", test, code, reason, log)
		}
	}
}
