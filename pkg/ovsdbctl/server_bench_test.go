package ovsdbctl_test

import (
	"crypto/sha1"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/ovsdbctl/ovsdbctltest"
)

// startWithRows runs a server on a database of a number of rows beside the global one.
func startWithRows(b *testing.B, rows int) *ovsdbctltest.Server {
	b.Helper()
	path := ovsdbctltest.Dir(b) + "/db"
	ovsdbctltest.Create(b, ovsdbctl.Northbound(), path)
	var text strings.Builder
	text.WriteString(`{"NB_Global":{"99999999-1111-4111-8111-111111111111":{"external_ids":["map",[["beat","1"]]]}},"Address_Set":{`)
	for i := range rows {
		_, _ = fmt.Fprintf(&text, `"%08x-1111-4111-8111-111111111111":{"name":"set-%d"},`, i, i)
	}
	body := strings.TrimSuffix(text.String(), ",") + "}}\n"
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		b.Fatal(err)
	}
	// A record as ovsdb(5) describes it.
	if _, err := fmt.Fprintf(file, "OVSDB JSON %d %x\n%s", len(body), sha1.Sum([]byte(body)), body); err != nil {
		b.Fatal(err)
	}
	if err := file.Close(); err != nil {
		b.Fatal(err)
	}
	return ovsdbctltest.Start(b, ovsdbctl.Northbound(), ovsdbctltest.File(path))
}

// perSize runs a benchmark against servers with few and with many rows: the cost must be the
// same.
func perSize(b *testing.B, run func(b *testing.B, server *ovsdbctltest.Server)) {
	b.Helper()
	for _, rows := range []int{1_000, 100_000} {
		b.Run("rows="+strconv.Itoa(rows), func(b *testing.B) {
			server := startWithRows(b, rows)
			b.ReportAllocs()
			run(b, server)
		})
	}
}

func openStore(b *testing.B, server *ovsdbctltest.Server) *ovsdbctl.Store {
	b.Helper()
	store, err := server.Open(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	return store
}

func readGlobal(b *testing.B, store *ovsdbctl.Store) {
	b.Helper()
	if ids, err := store.Global(b.Context()); err != nil || ids["beat"] == "" {
		b.Fatalf("got %v, %v", ids, err)
	}
}

func BenchmarkSyncStatus(b *testing.B) {
	perSize(b, func(b *testing.B, server *ovsdbctltest.Server) {
		b.Helper()
		for b.Loop() {
			if status, err := server.SyncStatus(b.Context()); err != nil || status.Role != ovsdbctl.RoleActive {
				b.Fatalf("got %v, %v", status, err)
			}
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	perSize(b, func(b *testing.B, server *ovsdbctltest.Server) {
		b.Helper()
		for b.Loop() {
			openStore(b, server).Close()
		}
	})
}

// An action that writes the marker.
func BenchmarkOpenReadAndWriteGlobal(b *testing.B) {
	perSize(b, func(b *testing.B, server *ovsdbctltest.Server) {
		b.Helper()
		for i := 0; b.Loop(); i++ {
			store := openStore(b, server)
			readGlobal(b, store)
			if err := store.SetGlobal(b.Context(), map[string]string{"beat": strconv.Itoa(i)}); err != nil {
				b.Fatal(err)
			}
			store.Close()
		}
	})
}

// A daemon that keeps its session.
func BenchmarkGlobalOfAnOpenStore(b *testing.B) {
	perSize(b, func(b *testing.B, server *ovsdbctltest.Server) {
		b.Helper()
		store := openStore(b, server)
		defer store.Close()
		for b.Loop() {
			readGlobal(b, store)
		}
	})
}

func BenchmarkSetGlobalOfAnOpenStore(b *testing.B) {
	perSize(b, func(b *testing.B, server *ovsdbctltest.Server) {
		b.Helper()
		store := openStore(b, server)
		defer store.Close()
		for i := 0; b.Loop(); i++ {
			if err := store.SetGlobal(b.Context(), map[string]string{"beat": strconv.Itoa(i)}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkWritableOfAnOpenStore(b *testing.B) {
	perSize(b, func(b *testing.B, server *ovsdbctltest.Server) {
		b.Helper()
		store := openStore(b, server)
		defer store.Close()
		for b.Loop() {
			if writable, err := store.Writable(b.Context()); err != nil || !writable {
				b.Fatalf("got %v, %v", writable, err)
			}
		}
	})
}

func BenchmarkParseSyncStatus(b *testing.B) {
	const reply = "state: backup\nreplicating: tcp:192.0.2.1:6641\ndatabase: OVN_Northbound\n"
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ovsdbctl.ParseSyncStatus("OVN_Northbound", reply); err != nil {
			b.Fatal(err)
		}
	}
}
