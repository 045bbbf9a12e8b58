package ocf_test

import (
	"io"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/ocf"
)

// validate runs validate-all and returns its code, its exit reason and its log.
func validate(t *testing.T, e environment) (code ocf.ExitCode, stderr, log string) {
	t.Helper()
	var reasons, lines strings.Builder
	logger := logrus.New()
	logger.SetOutput(&lines)
	agent := ocf.Agent{Getenv: e.getenv, Stdout: io.Discard, Stderr: &reasons, Log: logger, Version: "0.0.0"}
	code = agent.Run(t.Context(), "validate-all")
	return code, reasons.String(), lines.String()
}

// byHand is the least that an action needs, and a virtual IP address.
func byHand(namesAndValues ...string) environment {
	return parameters(append([]string{"master_ip", "192.0.2.10"}, namesAndValues...)...).and(environment{
		"OCF_RESOURCE_INSTANCE": "ovndb", "OCF_ROOT": "/usr/lib/ocf", "OCF_RA_VERSION_MAJOR": "1", "OCF_RA_VERSION_MINOR": "1",
	})
}

func TestParametersOfTheShellAgentThatAreNotSupportedAreNamedInOneLine(t *testing.T) {
	t.Parallel()
	code, stderr, log := validate(t, byHand("manage_northd", "yes", "ovn_nb_db_privkey", "/etc/key", "ovn_sb_db_cacert", "/etc/ca"))
	if code != ocf.Success || stderr != "" {
		t.Errorf("code %v: %s", code, stderr)
	}
	const want = "not supported yet, and ignored: parameter manage_northd=yes, ovn_nb_db_privkey=/etc/key, ovn_sb_db_cacert=/etc/ca"
	if strings.Count(log, "level=warning") != 1 || !strings.Contains(log, want) {
		t.Errorf("want one warning, %q, in:\n%s", want, log)
	}
}

func TestParametersOfTheShellAgentThatAskForNothingAreNoMatter(t *testing.T) {
	t.Parallel()
	_, _, log := validate(t, byHand("manage_northd", "no", "ovn_nb_db_privkey", ""))
	if strings.Contains(log, "level=warning") {
		t.Errorf("warned:\n%s", log)
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
