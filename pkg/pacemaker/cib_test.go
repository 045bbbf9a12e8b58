package pacemaker_test

import (
	"errors"
	"testing"

	"ovndb-servers/pkg/pacemaker"
)

func TestSchemaOfTheCIBIsReadFromItsElementAlone(t *testing.T) {
	for _, tt := range []struct {
		text, want string
	}{
		{`<cib validate-with="pacemaker-3.9" admin_epoch="1" epoch="41" num_updates="6" crm_feature_set="3.20.0"/>`, "pacemaker-3.9"},
		{`<cib epoch="41"/>`, ""},
		{`<configuration validate-with="pacemaker-3.9"/>`, ""},
		{`none`, ""},
	} {
		f := newFakes(t, `echo '`+tt.text+`'`)
		got, err := pacemaker.CIBSchema(within(t))
		if got != tt.want || (tt.want == "") != errors.Is(err, pacemaker.ErrUnreadable) {
			t.Errorf("%s: got %q, %v, want %q", tt.text, got, err, tt.want)
		}
		if got := f.commands(t); len(got) != 1 || got[0] != "cibadmin|--query|--xpath|/cib|--no-children" {
			t.Errorf("ran %q", got)
		}
	}
}
