package ocf_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/ocf"
	"ovndb-servers/pkg/printable"
)

// logged returns what a logger writes for one entry, which is what syslog gets as well.
func logged(t *testing.T, message string, fields logrus.Fields) string {
	t.Helper()
	var out strings.Builder
	log := ocf.NewLogger(&out, func(string) string { return "" })
	log.ReplaceHooks(logrus.LevelHooks{}) // this machine's syslog
	entry := log.WithFields(fields)
	entry.Level = logrus.WarnLevel
	entry.Message = message
	line, err := entry.String()
	if err != nil {
		t.Fatal(err)
	}
	entry.Warn(message)
	if out.String() != line {
		t.Errorf("written is %q, handed to syslog %q", out.String(), line)
	}
	return line
}

func TestLogLineHasTheFormOfOtherAgents(t *testing.T) {
	t.Parallel()
	got := logged(t, "cannot start", logrus.Fields{"db": "OVN_Northbound", "error": errors.New(`no "file"`), "a": "b c"})
	if want := `WARNING: cannot start a="b c" db=OVN_Northbound error="no \"file\""` + "\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzLogLineIsOnePrintableLine(f *testing.F) {
	f.Add("message", "value")
	f.Add("a\nERROR: forged", "a\x1b[2J")
	f.Add("\u009b1m\xff", "\u202e")
	f.Fuzz(func(t *testing.T, message, value string) {
		line := logged(t, message, logrus.Fields{"key": value})
		if body, ended := strings.CutSuffix(line, "\n"); !ended || strings.ContainsFunc(body, printable.Unprintable) {
			t.Errorf("got %q", line)
		}
	})
}

func FuzzExitReason(f *testing.F) {
	f.Add("first\nsecond ocf-exit-reason:forged\x1b[1m")
	f.Fuzz(func(t *testing.T, text string) {
		var out strings.Builder
		ocf.ExitReason(&out, "%s", text)
		body, found := strings.CutPrefix(out.String(), "ocf-exit-reason:")
		body, ended := strings.CutSuffix(body, "\n")
		if !found || !ended || strings.Contains(body, "ocf-exit-reason:") ||
			strings.ContainsFunc(body, func(r rune) bool { return r != '\ufffd' && printable.Unprintable(r) }) {
			t.Errorf("got %q", out.String())
		}
	})
}
