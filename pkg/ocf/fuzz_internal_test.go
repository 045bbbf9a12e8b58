package ocf

import (
	"strings"
	"testing"
)

// FuzzParseAccepted reads a state file of any content, and what was written of parameters of any value.
func FuzzParseAccepted(f *testing.F) {
	f.Add("accepted\nmaster_ip=192.0.2.1\nsnapshots=3", "192.0.2.2")
	f.Add("accepted\n=\n\nx", "a=b")
	f.Add("acc", "")
	f.Fuzz(func(t *testing.T, text, value string) {
		head, _, _ := strings.Cut(text, "\n")
		if got := parseAccepted(text); (got != nil) != (head == acceptedHead) {
			t.Errorf("%q is %v", text, got)
		}
		getenv := func(string) string { return value }
		kept := parseAccepted(Agent{Getenv: getenv}.accepted())
		if kept == nil {
			t.Fatal("nothing is kept")
		}
		reader := parameterReader{getenv: getenv}
		for name, got := range kept {
			if want := reader.value(name, ""); name != "" && got != want {
				t.Errorf("%s is %q, and was %q", name, got, want)
			}
		}
	})
}
