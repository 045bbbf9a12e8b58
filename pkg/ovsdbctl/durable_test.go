package ovsdbctl_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
	"ovndb-servers/pkg/ovsdbfile"
)

// That a server syncs its file for such a commit can be seen with strace -e fsync,fdatasync.
func TestOnlyADurableWriteRequestsADurableCommit(t *testing.T) {
	t.Parallel()
	requests := make(chan peerRequest, 4)
	store := openPeer(t, func(p peer) {
		for range cap(requests) {
			request, _ := p.next()
			requests <- request
			p.send(`{"id":` + string(request.ID) + `,"result":[{"rows":[{"_uuid":["uuid","x"]}]},{},{}]}`)
		}
	})
	if err := store.SetGlobal(within(t, testTimeout), map[string]string{"k": "v"}); err != nil {
		t.Error(err)
	}
	if err := store.SetGlobalDurably(within(t, testTimeout), map[string]string{"k": "v"}); err != nil {
		t.Error(err)
	}
	for _, want := range [][]string{{"select"}, {"mutate", "comment"}, {"select"}, {"mutate", "comment", "durable commit"}} {
		if diff := cmp.Diff(want, operationsOf(t, <-requests)); diff != "" {
			t.Errorf("operations differ (-want +got):\n%s", diff)
		}
	}
}

// operationsOf returns the names of a transaction's operations.
func operationsOf(t *testing.T, request peerRequest) []string {
	t.Helper()
	var names []string
	for _, param := range request.Params[1:] {
		var operation struct {
			Op      string
			Durable bool
		}
		if err := json.Unmarshal(param, &operation); err != nil {
			t.Fatal(err)
		}
		if operation.Durable {
			operation.Op = "durable " + operation.Op
		}
		names = append(names, operation.Op)
	}
	return names
}

func TestDurableWriteIsDoneByAnActiveServerAndRefusedByABackup(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Southbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	for _, value := range []string{"1", "2", "2"} {
		if err := store.SetGlobalDurably(within(t, testTimeout), map[string]string{"beat": value}); err != nil {
			t.Fatal(err)
		}
		ids, err := store.Global(within(t, testTimeout))
		if diff := cmp.Diff(map[string]string{"beat": value}, ids); diff != "" || err != nil {
			t.Errorf("%v; external_ids differ (-want +got):\n%s", err, diff)
		}
	}
	mustFollow(t, server, nowhere)
	err := store.SetGlobalDurably(within(t, testTimeout), map[string]string{"beat": "3"})
	if !errors.Is(err, ovsdbctl.ErrReadOnly) {
		t.Errorf("backup: got %v, want ErrReadOnly", err)
	}
}

func TestEveryWriteSaysInTheDatabaseFileWhoMadeIt(t *testing.T) {
	t.Parallel()
	server := ovsdbctltest.Start(t, ovsdbctl.Northbound())
	store := mustOpen(t, server)
	mustEnsureGlobal(t, store)
	if err := store.SetGlobal(within(t, testTimeout), map[string]string{"k": "v"}); err != nil {
		t.Fatal(err)
	}
	want := []ovsdbctl.Connection{connection("clients", "ptcp:1", time.Second)}
	if _, err := store.EnsureConnections(within(t, testTimeout), want); err != nil {
		t.Fatal(err)
	}
	comments := []string{
		"ovndb-servers: insert the row of NB_Global",
		"ovndb-servers: set external_ids of NB_Global",
		"ovndb-servers: set the rows of Connection",
	}
	if diff := cmp.Diff(comments, commentsIn(t, server.File)); diff != "" {
		t.Errorf("comments differ (-want +got):\n%s", diff)
	}
}

// commentsIn returns the comment of each transaction in a database file.
func commentsIn(t *testing.T, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	reader := ovsdbfile.NewReader(file)
	if _, err := reader.Next(); err != nil { // the schema
		t.Fatal(err)
	}
	var comments []string
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return comments
		}
		var transaction struct {
			Comment string `json:"_comment"`
		}
		if err == nil {
			err = json.Unmarshal(record.JSON, &transaction)
		}
		if err != nil {
			t.Fatal(err)
		}
		comments = append(comments, transaction.Comment)
	}
}
