package pacemaker_test

import (
	"strings"
	"testing"

	"ovndb-servers/pkg/pacemaker"
)

func TestTheConfigurationIsWithoutPasswordsAndKeys(t *testing.T) {
	newFakes(t, prints(`<cib have-quorum="1"><nvpair id="a" name="passwd" value="hidden1"/><nvpair id="b" value="hidden2" name="ssh_Key"/>
<nvpair id="c" name="ip" value="192.0.2.1 &amp; &quot;more&quot;"/><x password="hidden3" operation_key="ovndb_start_0"/></cib>`))
	got, err := pacemaker.RedactedCIB(within(t))
	if err != nil || strings.Contains(got, "hidden") {
		t.Errorf("error %v: %s", err, got)
	}
	for _, want := range []string{`name="passwd" value="(removed)"`, `value="192.0.2.1 &amp; &#34;more&#34;"`, `operation_key="ovndb_start_0"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	newFakes(t, prints(`<cib><nvpair name="passwd" value="hidden`))
	if got, err := pacemaker.RedactedCIB(within(t)); err == nil || got != "" {
		t.Errorf("what cannot be read is passed on: %q", got)
	}
}

func TestValuesThatHoldAPasswordAreRemovedWhateverTheirName(t *testing.T) {
	for _, value := range []string{
		"--user=ha --password=hidden", "user=ha,ADMIN_PWD=hidden", "--token hidden", "http://ha:hidden@192.0.2.1/fence", "host=192.0.2.1 passfile='hidden'",
	} {
		newFakes(t, prints(`<cib><nvpair id="a" name="options" value="`+value+`"/></cib>`))
		if got, err := pacemaker.RedactedCIB(within(t)); err != nil || !strings.Contains(got, `name="options" value="(removed)"`) {
			t.Errorf("error %v: %s", err, got)
		}
	}
	newFakes(t, prints(`<cib><recipient id="r" value="https://192.0.2.1/services/hidden"/><nvpair id="p" name="dbpwd" value="hidden"/>
<nvpair id="a" name="ip" value="node1:192.0.2.1;node2:192.0.2.2"/><nvpair id="b" name="dump" value="tcp://192.0.2.1/a@b"/></cib>`))
	got, err := pacemaker.RedactedCIB(within(t))
	if err != nil || strings.Contains(got, "hidden") || !strings.Contains(got, "node1:192.0.2.1;node2:192.0.2.2") || !strings.Contains(got, "tcp://192.0.2.1/a@b") {
		t.Errorf("error %v: %s", err, got)
	}
}

func TestLinesWithSecretsKeepTheirFirstWord(t *testing.T) {
	t.Parallel()
	got := pacemaker.RedactLines("totem {\n  Secret_Key: abc\n  token: 1000\n}\n", "secret")
	if lone := pacemaker.RedactLines(" hidden-Secret\n", "secret"); strings.Contains(lone, "hidden") {
		t.Errorf("a line of one word is %q", lone)
	}
	if want := "totem {\nSecret_Key: (removed)\n  token: 1000\n}\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
