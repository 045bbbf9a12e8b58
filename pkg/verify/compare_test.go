package verify_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/verify"
)

// mixtures are the ways to name the copies of two servers.
func mixtures(a, b *ovsdbctltest.Server) map[string][2]string {
	return map[string][2]string{
		"server and server": {a.Endpoint(), b.Endpoint()},
		"server and file":   {a.Endpoint(), b.File},
		"file and server":   {a.File, b.Endpoint()},
		"file and file":     {a.File, b.File},
	}
}

func TestCopiesWithAHistoryAreTheSameInEveryMixture(t *testing.T) {
	t.Parallel()
	a := newHistory(t)
	b := startCopy(t, a)
	for name, copies := range mixtures(a, b) {
		r := compare(t, copies[0], copies[1], verify.Options{Keep: 10})
		if !r.Same || r.Total != 0 || r.A.Rows != r.B.Rows || r.A.Rows != 599 || r.Database != "OVN_Northbound" {
			t.Errorf("%s: %+v", name, r)
		}
	}
	if r := compare(t, a.File, a.Endpoint(), verify.Options{Keep: 10}); !r.Same {
		t.Errorf("a server and its own file: %+v", r)
	}
}

func TestOneChangedColumnAmongManyRowsIsNamedInEveryMixture(t *testing.T) {
	t.Parallel()
	changes := map[string]struct {
		operation string
		want      verify.Difference
	}{
		"set":           {`{"op":"mutate","table":"Logical_Switch_Port","where":[["name","==","port200"]],"mutations":[["addresses","insert","z"]]}`, verify.Difference{Kind: verify.Changed, Table: "Logical_Switch_Port", Columns: []verify.Column{{Column: "addresses", A: []string{}, B: []string{`"z"`}}}}},
		"map":           {`{"op":"mutate","table":"Logical_Switch_Port","where":[["name","==","port200"]],"mutations":[["options","delete",["set",["k"]]],["options","insert",["map",[["k","w"]]]]]}`, verify.Difference{Kind: verify.Changed, Table: "Logical_Switch_Port", Columns: []verify.Column{{Column: "options", A: []string{`"k"="v"`}, B: []string{`"k"="w"`}}}}},
		"initial value": {`{"op":"update","table":"Logical_Switch_Port","where":[["name","==","port200"]],"row":{"type":"router"}}`, verify.Difference{Kind: verify.Changed, Table: "Logical_Switch_Port", Columns: []verify.Column{{Column: "type", A: []string{`""`}, B: []string{`"router"`}}}}},
		"empty text":    {`{"op":"update","table":"Logical_Switch_Port","where":[["name","==","port200"]],"row":{"parent_name":""}}`, verify.Difference{Kind: verify.Changed, Table: "Logical_Switch_Port", Columns: []verify.Column{{Column: "parent_name", A: []string{}, B: []string{`""`}}}}},
		"long integer":  {`{"op":"update","table":"NB_Global","where":[],"row":{"nb_cfg":9007199254740993}}`, verify.Difference{Kind: verify.Changed, Table: "NB_Global", Columns: []verify.Column{{Column: "nb_cfg", A: []string{"9007199254740992"}, B: []string{"9007199254740993"}}}}},
		"marker":        {`{"op":"mutate","table":"NB_Global","where":[],"mutations":[["external_ids","insert",["map",[["ovndb-servers:beat","2"]]]]]}`, verify.Difference{Kind: verify.Changed, Table: "NB_Global", Columns: []verify.Column{{Column: "external_ids", A: []string{}, B: []string{`"ovndb-servers:beat"="2"`}, Marker: true}}}},
		"row":           {`{"op":"insert","table":"Address_Set","row":{"name":"one"}}`, verify.Difference{Kind: verify.OnlyB, Table: "Address_Set", Columns: []verify.Column{{Column: "name", A: []string{}, B: []string{`"one"`}}}}},
	}
	a := newHistory(t)
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := startCopy(t, a)
			transact(t, b, change.operation)
			for mixture, copies := range mixtures(a, b) {
				r := compare(t, copies[0], copies[1], verify.Options{Keep: 10, Settle: time.Millisecond})
				if r.Same || r.Total != 1 || r.Tables[change.want.Table] != 1 || r.Counts[change.want.Kind] != 1 {
					t.Errorf("%s: %+v", mixture, r)
				}
				if diff := cmp.Diff([]verify.Difference{change.want}, r.Differences, cmpopts.IgnoreFields(verify.Difference{}, "UUID")); diff != "" {
					t.Errorf("%s (-want +got):\n%s", mixture, diff)
				}
			}
		})
	}
}

func TestServersAreComparedOverTCPAlthoughTheirConnectionsDiffer(t *testing.T) {
	t.Parallel()
	var servers []*ovsdbctltest.Server
	var addresses []string
	for range 2 {
		remote := fmt.Sprintf("%d:[::1]", ovsdbctltest.Port(t))
		number, _, _ := strings.Cut(remote, ":")
		addresses = append(addresses, "tcp:[::1]:"+number)
		if len(servers) == 0 {
			servers = append(servers, ovsdbctltest.Start(t, ovsdbctl.Northbound(), ovsdbctltest.Remote("ptcp:"+remote), ovsdbctltest.Remote("db:OVN_Northbound,NB_Global,connections")))
			transact(t, servers[0], `{"op":"insert","table":"Connection","uuid-name":"c","row":{"target":"ptcp:`+strconv.Itoa(int(ovsdbctltest.Port(t)))+`:127.0.0.1"}},
				{"op":"insert","table":"NB_Global","row":{"connections":["named-uuid","c"]}}`)
			continue
		}
		servers = append(servers, startCopy(t, servers[0], ovsdbctltest.Remote("ptcp:"+remote)))
	}
	store, err := servers[0].Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ovsdbctltest.Await(t, "the server reports its connections", func(ctx context.Context) bool {
		rows, err := store.Rows(ctx, ovsdbctl.ConnectionTable)
		return err == nil && len(rows) == 1 && len(rows[0].Columns["status"]) > 0
	})
	r := compare(t, addresses[0], addresses[1], verify.Options{Keep: 10, Settle: time.Millisecond})
	if !r.Same || r.A.Rows != 2 {
		t.Errorf("%+v", r)
	}
}

// The columns of a file's torn record are no content, as for a server.
func TestWhatIsBehindATornRecordIsNotComparedAndSaidSo(t *testing.T) {
	t.Parallel()
	a := newHistory(t)
	b := startCopy(t, a)
	transact(t, b, `{"op":"insert","table":"Address_Set","row":{"name":"lost"}}`)
	b.Kill(t)
	info, err := os.Stat(b.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(b.File, info.Size()-3); err != nil {
		t.Fatal(err)
	}
	r := compare(t, a.Endpoint(), b.File, verify.Options{Keep: 10})
	if !r.Same || r.B.Torn == "" || r.A.Torn != "" {
		t.Errorf("%+v", r)
	}
}

func TestABackupThatFollowsAWriterIsTheSameAndOneThatStoppedIsNot(t *testing.T) {
	t.Parallel()
	active := newHistory(t)
	backup := startCopy(t, active, ovsdbctltest.SyncFrom(active.Endpoint()))
	stopped := startCopy(t, active)
	ended := make(chan struct{})
	written := make(chan struct{})
	go func() {
		defer close(written)
		for i := 0; ; i++ {
			select {
			case <-ended:
				return
			default:
				transact(t, active, fmt.Sprintf(`{"op":"update","table":"NB_Global","where":[],"row":{"hv_cfg":%d}},{"op":"insert","table":"Address_Set","row":{"name":"set%d"}}`, i, i))
			}
		}
	}()
	defer func() { close(ended); <-written }()
	ovsdbctltest.Await(t, "the writer writes", func(context.Context) bool {
		return compare(t, active.Endpoint(), stopped.Endpoint(), verify.Options{}).Counts[verify.Changed] > 0
	})
	if r := compare(t, active.Endpoint(), backup.Endpoint(), verify.Options{Keep: 10, Settle: testTimeout}); !r.Same {
		t.Errorf("the backup: %+v", r)
	}
	if r := compare(t, active.Endpoint(), stopped.Endpoint(), verify.Options{Keep: 10, Settle: time.Second}); r.Same || r.Counts[verify.Changed] != 1 {
		t.Errorf("the one that stopped: %+v", r)
	}
}

func TestWhatCannotBeComparedIsRefused(t *testing.T) {
	t.Parallel()
	nb := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	sb := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	for _, row := range []struct {
		name, a, b, database string
		want                 error
	}{
		{"other databases", nb.File, sb.Endpoint(), "", verify.ErrWhichDatabase},
		{"a database that neither has", nb.File, nb.Endpoint(), "OVN_Southbound", verify.ErrWhichDatabase},
		{"no file", nb.File + "x", nb.Endpoint(), "", os.ErrNotExist},
		{"no server", nb.File, nb.Endpoint() + "x", "", ovsdbctl.ErrNotListening},
	} {
		_, err := verify.Compare(t.Context(), address(t, row.a), address(t, row.b), verify.Options{Database: row.database})
		if !errors.Is(err, row.want) {
			t.Errorf("%s: error is %v, want %v", row.name, err, row.want)
		}
	}
	for _, text := range []string{
		"", "pssl:6641", "ptcp:6641", "unix:", "tcp:", "tcp:127.0.0.1", "tcp::6641", "tcp:127.0.0.1:", "tcp:127.0.0.1:ovn", "ssl:127.0.0.1:0",
		"ssl:127.0.0.1:65536", "tcp:127.0.0.1:-1", "tcp:2001:db8::1:6641",
	} {
		if a, err := verify.ParseAddress(text); !errors.Is(err, verify.ErrAddress) {
			t.Errorf("%q is read as %v, %v", text, a, err)
		}
	}
	for _, text := range []string{"tcp:127.0.0.1:6641", "tcp:node1:1", "ssl:[2001:db8::1]:65535", "unix:./x", "./tcp:x", "./tcp"} {
		if _, err := verify.ParseAddress(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}
