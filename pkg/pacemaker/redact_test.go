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

func TestLinesWithSecretsKeepTheirFirstWord(t *testing.T) {
	t.Parallel()
	got := pacemaker.RedactLines("totem {\n  Secret_Key: abc\n  token: 1000\n}\n", "secret")
	if want := "totem {\nSecret_Key: (removed)\n  token: 1000\n}\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
