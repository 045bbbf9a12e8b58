package pacemaker_test

import (
	"slices"
	"strings"
	"testing"
)

const refresh = "attrd_updater|--refresh"

// scores is the behaviour of tools of which the CIB and the attribute manager have these scores.
func scores(inCIB, held string) string {
	return `case "${0##*/} $*" in
*crm_attribute*) echo "` + inCIB + `" ;;
*" -Q "*) echo '<r><attribute name="master-ovndb" host="node1" value="` + held + `"/></r>' ;;
esac
`
}

func TestScoreThatTheCIBHasLostIsWrittenAgain(t *testing.T) {
	f := newFakes(t, scores("", "100"))
	if err := resource.KeepScore(within(t), 100); err != nil {
		t.Fatal(err)
	}
	if got := f.commands(t); got[len(got)-1] != refresh {
		t.Errorf("commands are %s", strings.Join(got, "\n"))
	}
}

// A refresh would write the score that the attribute manager still has.
func TestScoreThatTheAttributeManagerHasNotGotYetIsLeftToIt(t *testing.T) {
	for _, held := range []string{"50", ""} {
		f := newFakes(t, scores("50", held))
		if err := resource.KeepScore(within(t), 100); err != nil {
			t.Fatal(err)
		}
		if got := f.commands(t); slices.Contains(got, refresh) {
			t.Errorf("held %q: commands are %s", held, strings.Join(got, "\n"))
		}
	}
}

func TestRefreshThatFailsIsAnError(t *testing.T) {
	newFakes(t, `case "$*" in *refresh*) echo 'Connection refused' >&2; exit 102;; esac`+"\n"+scores("", "100"))
	if err := resource.KeepScore(within(t), 100); err == nil || !strings.Contains(err.Error(), "Connection refused") {
		t.Errorf("error is %v", err)
	}
}
