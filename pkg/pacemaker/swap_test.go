package pacemaker_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/pacemaker"
)

const (
	recordQuery = `cibadmin|--query|--xpath|//nvpair[@id="ovndb-servers-records-ovndb-record-ovndb"]`
	recordPair  = `<nvpair id="ovndb-servers-records-ovndb-record-ovndb" name="ovndb-record-ovndb" value="%s"></nvpair>`
	recordPlace = `cibadmin|--modify|--allow-create|--scope|crm_config|--xml-text|<cluster_property_set id="ovndb-servers-records"></cluster_property_set>`
	recordFirst = `cibadmin|--modify|--xpath|//cluster_property_set[@id="ovndb-servers-records" and not(nvpair[@id="ovndb-servers-records-ovndb-record-ovndb"])]|--xml-text|` +
		`<cluster_property_set id="ovndb-servers-records">` + recordPair + `</cluster_property_set>`
	// noMatch and disconnected are how cibadmin of Pacemaker 3.0.0 and 2.1.5 says so.
	noMatch      = "echo 'Call cib_replace failed: No such device or address' >&2; exit 105\n"
	disconnected = "echo 'Could not connect to the CIB: Transport endpoint is not connected' >&2; exit 102\n"
)

func recordSwap(old, value string) string {
	return `cibadmin|--replace|--xpath|//nvpair[@id="ovndb-servers-records-ovndb-record-ovndb" and string(@value)="` + old + `"]|--xml-text|` +
		fmt.Sprintf(recordPair, value)
}

// holds is the behaviour of a CIB that holds a record, and answers a change as given.
func holds(value, change string) string {
	return `case "$1" in --query) cat <<'END'
<nvpair id="ovndb-servers-records-ovndb-record-ovndb" name="ovndb-record-ovndb" value="` + value + `"/>
END
exit 0 ;; esac
` + change
}

func TestRecordIsTheValueOfItsProperty(t *testing.T) {
	for value, want := range map[string]string{"3 1b6d node2": "3 1b6d node2", "3 x y blessed: it&apos;s &lt;ours&gt; &amp; b": "3 x y blessed: it's <ours> & b", "": ""} {
		f := newFakes(t, holds(value, "exit 1"))
		got, err := resource.Record(within(t))
		if err != nil || got != want {
			t.Errorf("record is %q (%v), want %q", got, err, want)
		}
		if diff := cmp.Diff([]string{recordQuery}, f.commands(t)); diff != "" {
			t.Errorf("commands (-want +got):\n%s", diff)
		}
	}
}

func TestRecordWithoutAValueIsNone(t *testing.T) {
	newFakes(t, prints(`<nvpair id="ovndb-servers-records-ovndb-record-ovndb" name="ovndb-record-ovndb"/>`))
	if got, err := resource.Record(within(t)); got != "" || err != nil {
		t.Errorf("record is %q (%v), want none", got, err)
	}
}

func TestRecordThatCannotBeReadIsErrUnreadable(t *testing.T) {
	for _, text := range []string{"", "Warning: try later", "<nvpair", "<xpath-query/>"} {
		newFakes(t, prints(text))
		if got, err := resource.Record(within(t)); !errors.Is(err, pacemaker.ErrUnreadable) {
			t.Errorf("%q: record is %q (%v)", text, got, err)
		}
	}
}

func TestSwapReplacesOnlyTheRecordThatItWasGiven(t *testing.T) {
	f := newFakes(t, "exit 0")
	if err := resource.SwapRecord(within(t), "3 x it's/a=b,c+d~<&", "4 y n&<'"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{recordSwap("3 x it's/a=b,c+d~<&", "4 y n&amp;&lt;&#39;")}, f.commands(t)); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestFirstRecordIsAddedToTheSetOnlyWhileThereIsNone(t *testing.T) {
	f := newFakes(t, "exit 0")
	if err := resource.SwapRecord(within(t), "", "1 x n"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{recordPlace, fmt.Sprintf(recordFirst, "1 x n")}, f.commands(t)); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestFirstRecordIsPutIntoAPropertyWithoutAValueThatAnEarlierVersionHasLeft(t *testing.T) {
	f := newFakes(t, `case "$*" in *"not(nvpair"*) `+noMatch+`;; esac`)
	if err := resource.SwapRecord(within(t), "", "1 x n"); err != nil {
		t.Fatal(err)
	}
	want := []string{recordPlace, fmt.Sprintf(recordFirst, "1 x n"), recordSwap("", "1 x n")}
	if diff := cmp.Diff(want, f.commands(t)); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
}

func TestSwapThatComesLateIsErrRecordChangedWithTheRecord(t *testing.T) {
	// The set is there, and neither XPath matches.
	newFakes(t, holds("4 other n2", `case "$2" in --allow-create) exit 0;; esac`+"\n"+noMatch))
	for _, old := range []string{"3 x n1", ""} {
		err := resource.SwapRecord(within(t), old, "4 mine n1")
		if !errors.Is(err, control.ErrRecordChanged) || !strings.Contains(err.Error(), "4 other n2") {
			t.Errorf("from %q: error is %v", old, err)
		}
	}
}

func TestSwapWhoseAnswerWasLostHasSucceeded(t *testing.T) {
	newFakes(t, holds("4 mine n1", noMatch))
	if err := resource.SwapRecord(within(t), "3 x n1", "4 mine n1"); err != nil {
		t.Error(err)
	}
}

func TestSwapThatTheCIBRefusesIsAnErrorAndNoLateSwap(t *testing.T) {
	newFakes(t, holds("3 x n1", "echo 'Call cib_replace failed: Permission denied' >&2; exit 4"))
	err := resource.SwapRecord(within(t), "3 x n1", "4 mine n1")
	if err == nil || errors.Is(err, control.ErrRecordChanged) || !strings.Contains(err.Error(), "Permission denied") {
		t.Errorf("error is %v", err)
	}
}

func TestRecordsThatNoXPathHoldsAreRefusedBeforeAToolRuns(t *testing.T) {
	f := newFakes(t, "exit 0")
	for _, bad := range []string{`1 x "`, "1 x\ny", "1 \u00e4 n", "1 \xff n", "1 x\x00"} {
		for _, swap := range [][2]string{{bad, "2 y n"}, {"1 x n", bad}} {
			if err := resource.SwapRecord(within(t), swap[0], swap[1]); !errors.Is(err, pacemaker.ErrRecordText) {
				t.Errorf("%q to %q: error is %v", swap[0], swap[1], err)
			}
		}
	}
	if err := resource.SwapRecord(within(t), "1 x n", ""); !errors.Is(err, pacemaker.ErrRecordText) {
		t.Errorf("swap to no record: error is %v", err)
	}
	f.ranNothing(t)
}

// afterRefusals is the behaviour of a program that is refused the first two times.
func afterRefusals(refusal, behaviour string) string {
	return `[ "$(wc -l < "$directory/commands")" -gt 2 ] || { ` + refusal + "\n}\n" + behaviour
}

func TestRecordAndSwapOutlastADaemonThatIsRespawned(t *testing.T) {
	for name, refusal := range map[string]string{"refused": disconnected, "timed out": "exit 124"} {
		t.Run(name, func(t *testing.T) {
			newFakes(t, afterRefusals(refusal, holds("3 x n1", "exit 0")))
			if got, err := resource.Record(within(t)); got != "3 x n1" || err != nil {
				t.Errorf("record is %q (%v)", got, err)
			}
			f := newFakes(t, afterRefusals(refusal, holds("3 x n1", "exit 0")))
			if err := resource.SwapRecord(within(t), "3 x n1", "4 y n1"); err != nil {
				t.Error(err)
			}
			if got := len(f.commands(t)); got != 3 {
				t.Errorf("%d tries, want 3", got)
			}
		})
	}
}

func TestRefusalsUntilTheDeadlineAreAnErrorWithTheirWords(t *testing.T) {
	for name, call := range map[string]func(context.Context) error{
		"record": func(ctx context.Context) error { _, err := resource.Record(ctx); return err },
		"swap":   func(ctx context.Context) error { return resource.SwapRecord(ctx, "3 x n1", "4 y n1") },
	} {
		t.Run(name, func(t *testing.T) {
			newFakes(t, disconnected)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			if err := call(ctx); err == nil || !strings.Contains(err.Error(), "Transport endpoint is not connected") {
				t.Errorf("error is %v", err)
			}
		})
	}
}
