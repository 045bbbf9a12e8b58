package verify_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/verify"
)

// testTimeout bounds a test that hangs; no test depends on its length.
const testTimeout = 2 * time.Minute

// transact executes operations, without the brackets around them, in the northbound database.
func transact(tb testing.TB, server *ovsdbctltest.Server, operations string) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), testTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, "ovsdb-client", "transact", server.Endpoint(), `["OVN_Northbound",`+operations+`]`).CombinedOutput()
	if err != nil || strings.Contains(string(out), `"error"`) {
		tb.Fatalf("cannot execute %.200s: %v: %s", operations, err, out)
	}
}

// newHistory returns a server whose file holds rows of every kind of value, inserted, changed and
// deleted by many transactions, none of which is merged with others.
func newHistory(tb testing.TB) *ovsdbctltest.Server {
	tb.Helper()
	server := ovsdbctltest.Start(tb, ovsdbctl.Northbound())
	var ports []string
	for i := range 300 {
		ports = append(ports, fmt.Sprintf(
			`{"op":"insert","table":"Logical_Switch_Port","uuid-name":"p%d","row":{"name":"port%d","addresses":["set",["a%d","b%d"]],"options":["map",[["k","v"],["n","%d"]]]}}`, i, i, i, i, i),
			fmt.Sprintf(`{"op":"insert","table":"Logical_Switch","row":{"name":"switch%d","ports":["named-uuid","p%d"]}}`, i, i))
	}
	transact(tb, server, `{"op":"insert","table":"NB_Global","row":{"nb_cfg":9007199254740992,"external_ids":["map",[["ovndb-servers:term","1"]]]}}`)
	transact(tb, server, strings.Join(ports, ","))
	const port = `"table":"Logical_Switch_Port","where":[["name","==","port%d"]]`
	for i, change := range []string{
		`{"op":"mutate",` + port + `,"mutations":[["addresses","insert","c"],["options","insert",["map",[["new","1"]]]]]}`,
		`{"op":"mutate",` + port + `,"mutations":[["addresses","delete",["set",["a0","b0"]]],["options","delete",["set",["k","n","new"]]]]}`,
		`{"op":"update",` + port + `,"row":{"tag":7,"type":"router","options":["map",[["k","other"]]]}}`,
		`{"op":"update",` + port + `,"row":{"tag":8,"up":true}}`,
		`{"op":"update",` + port + `,"row":{"tag":["set",[]],"type":"","up":["set",[]],"addresses":["set",[]],"options":["map",[["k","other"],["l","m"]]]}}`,
	} {
		transact(tb, server, fmt.Sprintf(change, 0))
		if i > 0 {
			transact(tb, server, fmt.Sprintf(change, i))
		}
	}
	transact(tb, server, `{"op":"delete","table":"Logical_Switch","where":[["name","==","switch9"]]}`)
	return server
}

// startCopy starts a server on a copy of another one's database file.
func startCopy(tb testing.TB, of *ovsdbctltest.Server, options ...ovsdbctltest.Option) *ovsdbctltest.Server {
	tb.Helper()
	path := filepath.Join(ovsdbctltest.Dir(tb), "copy")
	from, err := os.Open(of.File)
	if err != nil {
		tb.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		tb.Fatal(err)
	}
	if err := to.Close(); err != nil {
		tb.Fatal(err)
	}
	return ovsdbctltest.Start(tb, ovsdbctl.Northbound(), append(options, ovsdbctltest.File(path))...)
}

func address(tb testing.TB, text string) verify.Address {
	tb.Helper()
	a, err := verify.ParseAddress(text)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func compare(tb testing.TB, a, b string, o verify.Options) verify.Result {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), testTimeout)
	defer cancel()
	result, err := verify.Compare(ctx, address(tb, a), address(tb, b), o)
	if err != nil {
		tb.Fatal(err)
	}
	return result
}
