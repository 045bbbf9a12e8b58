package ovsdb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// fakeMember is a server of a RAFT cluster: it says whether it leads, and acknowledges everything, as
// followers do, which pass transactions on.
type fakeMember struct {
	mu       sync.Mutex
	leads    bool
	sessions []net.Conn
	inserts  int
}

// startMember starts a member and returns its address.
func startMember(t *testing.T, leads bool) (*fakeMember, string) {
	t.Helper()
	m := &fakeMember{leads: leads}
	return m, listen(t, m.serve)
}

// row is the member's row in _Server.
func (m *fakeMember) row() string {
	return fmt.Sprintf(`{"Database":{"1":{"new":{"name":"_Server","leader":true,"connected":true}},"2":{"new":{"name":"OVN_Northbound","leader":%t,"connected":true}}}}`, m.leads)
}

func (m *fakeMember) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	decoder := json.NewDecoder(conn)
	for {
		var request struct {
			ID     int
			Method string
		}
		if decoder.Decode(&request) != nil {
			return
		}
		m.mu.Lock()
		result := `[{"uuid":["uuid","00000000-0000-0000-0000-000000000000"]}]`
		if request.Method == "monitor" {
			result = m.row()
			m.sessions = append(m.sessions, conn)
		} else {
			m.inserts++
		}
		_, _ = fmt.Fprintf(conn, `{"id":%d,"error":null,"result":%s}`, request.ID, result)
		m.mu.Unlock()
	}
}

// setLeads tells all sessions whether the member leads now.
func (m *fakeMember) setLeads(leads bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.leads = leads
	for _, conn := range m.sessions {
		_, _ = fmt.Fprintf(conn, `{"id":null,"method":"update","params":["leader",%s]}`, m.row())
	}
}

// count returns how many rows the member has acknowledged.
func (m *fakeMember) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.inserts
}

// From a cluster whose second member leads: the writer writes to it alone, and to the first one once
// that leads, although the second one would still take rows.
func TestWriterWritesToTheLeaderAlone(t *testing.T) {
	t.Parallel()
	first, firstAddress := startMember(t, false)
	second, secondAddress := startMember(t, true)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	pace := ovsdb.DefaultPace()
	pace.Write, pace.Retry = time.Millisecond, time.Millisecond
	writer := ovsdb.StartWriterTo(ctx, pace, []string{firstAddress, secondAddress}, ovsdb.Northbound(), "row")
	if _, err := writer.AwaitAck(ctx, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got := first.count(); got != 0 {
		t.Errorf("%d rows went to a member that does not lead", got)
	}
	moved := time.Now()
	first.setLeads(true)
	second.setLeads(false)
	gap, err := writer.AwaitRecovery(ctx, moved)
	if err != nil {
		t.Fatal(err)
	}
	before := second.count()
	if _, err := writer.AwaitAck(ctx, gap.After.At); err != nil {
		t.Fatal(err)
	}
	writer.Stop()
	if first.count() == 0 || second.count() != before {
		t.Errorf("%d rows at the leader, %d more at the other one; want some and none", first.count(), second.count()-before)
	}
}

func TestWriterSaysThatNoServerLeads(t *testing.T) {
	t.Parallel()
	_, address := startMember(t, false)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	writer := ovsdb.StartWriterTo(ctx, ovsdb.DefaultPace(), []string{address, address}, ovsdb.Northbound(), "row")
	for said := ""; !strings.Contains(said, ovsdb.ErrNotLeader.Error()); {
		waiting, stop := context.WithTimeout(ctx, 200*time.Millisecond)
		_, err := writer.AwaitAck(waiting, time.Time{})
		stop()
		if err == nil || ctx.Err() != nil {
			t.Fatalf("error %v, want one that says that %v", err, ovsdb.ErrNotLeader)
		}
		said = err.Error()
	}
}
