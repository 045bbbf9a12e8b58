package ovsdb_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// listen has sessions served until the test ends, and returns the address.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()
	return listener.Addr().String()
}

// fakeServer answers every transaction with the text that answer returns, and ends the
// session where that is empty.
func fakeServer(t *testing.T, answer func() string) string {
	t.Helper()
	return listen(t, func(conn net.Conn) { serve(conn, answer) })
}

// serve is one session of the fake server. It probes the client, as the real one
// does.
func serve(conn net.Conn, answer func() string) {
	defer func() { _ = conn.Close() }()
	decoder := json.NewDecoder(bufio.NewReader(conn))
	for {
		var request struct {
			ID     any    `json:"id"`
			Method string `json:"method"`
		}
		if decoder.Decode(&request) != nil {
			return
		}
		if request.Method != "transact" {
			continue
		}
		text := answer()
		if text == "" {
			return
		}
		_, _ = fmt.Fprintf(conn, `{"id":"echo","method":"echo","params":[]}{"id":%v,"error":null,"result":%s}`, request.ID, text)
	}
}

func TestWriterGoesOnAfterALoss(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	address := fakeServer(t, func() string {
		switch count.Add(1) {
		case 5:
			return ""
		case 7:
			return `[{"error":"not allowed","details":"read only"}]`
		}
		return `[{"uuid":["uuid","00000000-0000-0000-0000-000000000000"]}]`
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	began := time.Now()
	writer := ovsdb.StartWriter(ctx, address, ovsdb.Northbound(), "row")
	gap, err := writer.AwaitRecovery(ctx, began)
	if err != nil {
		t.Fatal(err)
	}
	if gap.Before.Name != "row-000004" || gap.After.Name != "row-000006" {
		t.Errorf("gap between %s and %s, want between row-000004 and row-000006", gap.Before.Name, gap.After.Name)
	}
	if _, err := writer.AwaitRecovery(ctx, gap.After.At); err != nil {
		t.Fatal(err)
	}
	writer.Stop()
	writer.Stop()
	if missing := writer.Missing([]string{"row-000001", "row-000002", "row-000003"}); len(missing) != len(writer.Acks())-3 {
		t.Errorf("%d missing of %d acknowledged, want all but three", len(missing), len(writer.Acks()))
	}
}

func TestInterruptionsAreTheGapsWithALoss(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	address := fakeServer(t, func() string {
		if n := count.Add(1); n == 5 || n == 6 || n == 10 {
			return ""
		}
		return `[{"uuid":["uuid","00000000-0000-0000-0000-000000000000"]}]`
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	pace := ovsdb.DefaultPace()
	pace.Write, pace.Retry = time.Millisecond, time.Millisecond
	began := time.Now()
	writer := ovsdb.StartWriterAt(ctx, pace, address, ovsdb.Northbound(), "row")
	for len(writer.Interruptions(began)) < 2 {
		if _, err := writer.AwaitAck(ctx, time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	writer.Stop()
	gaps := writer.Interruptions(began)
	if len(gaps) != 2 || gaps[0].Before.Name != "row-000004" || gaps[0].After.Name != "row-000007" ||
		gaps[1].Before.Name != "row-000009" || gaps[1].After.Name != "row-000011" {
		t.Errorf("interruptions %v, want one from row 4 to 7, which is two losses, and one from 9 to 11", gaps)
	}
	if rest := writer.Interruptions(gaps[0].After.At); len(rest) != 1 {
		t.Errorf("%d interruptions after the first one, want 1", len(rest))
	}
}
