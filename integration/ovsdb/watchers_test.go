package ovsdb_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"ovndb-servers/integration/ovsdb"
)

// fakeSource sends rows to those who monitor.
type fakeSource struct {
	mu       sync.Mutex
	sessions []net.Conn
	rows     []string
	echoes   int
}

// startSource starts a source and returns its address.
func startSource(t *testing.T, rows ...string) (*fakeSource, string) {
	t.Helper()
	s := &fakeSource{rows: rows}
	return s, listen(t, s.serve)
}

func (s *fakeSource) serve(conn net.Conn) {
	decoder := json.NewDecoder(conn)
	for {
		var request struct{ Method string }
		if decoder.Decode(&request) != nil {
			return
		}
		s.mu.Lock()
		if request.Method == "monitor" {
			s.sessions = append(s.sessions, conn)
			_, _ = fmt.Fprintf(conn, `{"id":"echo","method":"echo","params":[]}{"id":1,"error":null,"result":{"Chassis_Private":{`)
			for i, row := range s.rows {
				_, _ = fmt.Fprintf(conn, `%s"%d":{"new":{"name":"%s"}}`, []string{"", ","}[min(i, 1)], i, row)
			}
			_, _ = fmt.Fprint(conn, `}}}`)
		} else {
			s.echoes++
		}
		s.mu.Unlock()
	}
}

// send sends a row to all sessions.
func (s *fakeSource) send(row string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.sessions {
		_, _ = fmt.Fprintf(conn, `{"id":null,"method":"update","params":["all",{"Chassis_Private":{"9":{"new":{"name":"%s"}}}}]}`, row)
	}
}

// count returns how many sessions there are, and how many replies to probes came.
func (s *fakeSource) count() (sessions, echoes int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sessions), s.echoes
}

// end ends all sessions.
func (s *fakeSource) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.sessions {
		_ = conn.Close()
	}
	s.sessions = nil
}

// awaitThat waits until a condition holds.
func awaitThat(ctx context.Context, t *testing.T, what string, holds func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for !holds() {
		select {
		case <-ctx.Done():
			t.Fatalf("not in time: %s", what)
		case <-ticker.C:
		}
	}
}

// watch starts watchers of rows named row-1 and so on.
func watch(ctx context.Context, t *testing.T, pace ovsdb.WatchPace, count int, addresses ...string) *ovsdb.Watchers {
	t.Helper()
	watchers, err := ovsdb.StartWatchers(ctx, pace, addresses, ovsdb.Southbound(), []string{"Address_Set"}, "row", count)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(watchers.Stop)
	return watchers
}

// From six clients at two servers: all are served a row once both have sent it, and again once those
// whose server has ended have found the other one.
func TestWatchersAreServedOnceAllHaveTheRow(t *testing.T) {
	t.Parallel()
	first, firstAddress := startSource(t, "row-000001", "other-9")
	second, secondAddress := startSource(t, "row-000001")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	pace := ovsdb.WatchPace{Retry: time.Millisecond, Dial: time.Second, Probe: time.Minute}
	watchers := watch(ctx, t, pace, 6, firstAddress, secondAddress)
	served := func(number int) func() bool {
		return func() bool { _, missing, _ := watchers.Served(number); return missing == 0 }
	}
	awaitThat(ctx, t, "all to have the first row", served(1))
	if one, _ := first.count(); one != 3 {
		t.Errorf("%d of 6 clients at the first of two servers, want 3", one)
	}
	first.send("row-000002")
	awaitThat(ctx, t, "half to have the second row", func() bool { _, missing, _ := watchers.Served(2); return missing == 3 })
	sent := time.Now()
	second.send("row-000003")
	awaitThat(ctx, t, "all to have the second row or a later one", served(2))
	if last, _, _ := watchers.Served(2); last.Before(sent) {
		t.Error("all are said to have been served before the last one was")
	}
	first.mu.Lock()
	first.rows = []string{"row-000004"}
	first.mu.Unlock()
	second.mu.Lock()
	second.rows = first.rows
	second.mu.Unlock()
	first.end()
	second.end()
	awaitThat(ctx, t, "all to be served again after their sessions ended", served(4))
	awaitThat(ctx, t, "probes to be answered", func() bool { _, one := first.count(); _, other := second.count(); return one+other >= 12 })
}

func TestWatcherGivesUpASilentServer(t *testing.T) {
	t.Parallel()
	silent, silentAddress := startSource(t)
	_, address := startSource(t, "row-000001")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	watchers := watch(ctx, t, ovsdb.WatchPace{Retry: time.Millisecond, Dial: time.Second, Probe: 20 * time.Millisecond}, 1, silentAddress, address)
	awaitThat(ctx, t, "the client to find the other server", func() bool { _, missing, _ := watchers.Served(1); return missing == 0 })
	if _, echoes := silent.count(); echoes < 2 {
		t.Errorf("%d replies and probes, want the reply to the probe of the server and a probe", echoes)
	}
}

func TestNumberOfARowIsInItsName(t *testing.T) {
	t.Parallel()
	if number, err := ovsdb.RowNumber("clients-1-000042"); err != nil || number != 42 {
		t.Errorf("%d, %v; want 42", number, err)
	}
	if number, err := ovsdb.RowNumber("row"); err == nil {
		t.Errorf("%d of a name without a number", number)
	}
}
