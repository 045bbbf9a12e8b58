package ovsdbctl

import (
	"encoding/json"
	"net"
	"testing"
)

func TestChangeThatWasNotReceivedIsReplacedByALaterOne(t *testing.T) {
	t.Parallel()
	conn, peer := net.Pipe()
	defer func() { _ = peer.Close() }()
	s := newSession(conn, 1<<10)
	defer s.close()
	id, changes, stop := s.subscribe()
	update := "update"
	for _, text := range []string{"1", "2", "3"} {
		notification := &message{Method: &update, Params: json.RawMessage(`["` + id + `",` + text + `]`)}
		if err := s.handle(notification); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-changes; string(got) != "3" {
		t.Errorf("got %s, want 3", got)
	}
	stop()
	if err := s.handle(&message{Method: &update, Params: json.RawMessage(`["` + id + `",4]`)}); err != nil || len(changes) != 0 {
		t.Errorf("after the end: %v, %d changes", err, len(changes))
	}
	if len(s.changes) != 0 {
		t.Errorf("%d subscriptions are left", len(s.changes))
	}
}
