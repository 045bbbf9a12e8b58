package main

import "testing"

// set changes a parameter of the resource, also for a supervisor that is started.
func (s supervised) set(name, value string) {
	s.t.Helper()
	s.parameters["OCF_RESKEY_"+name] = value
	s.t.Setenv("OCF_RESKEY_"+name, value)
}

func (s supervised) serverPIDs() [2]int {
	return [2]int{s.pid(s.file("ovnnb_db.pid")), s.pid(s.file("ovnsb_db.pid"))}
}

// From a promoted node: a new value has another supervisor, a wrong one leaves that in force and is
// reported by each monitor until it is corrected, and the servers never go.
func TestReloadAgentTakesAValueOverAndLeavesItInForceWhenTheNextIsWrong(t *testing.T) {
	s := newSupervised(t)
	s.becomes("a monitor to find nothing wrong", func() bool { code, _ := s.act("node1", "monitor"); return code == 8 })
	servers, before := s.serverPIDs(), s.pid(s.supervisor())
	s.set("beat_interval", "7")
	s.agent("node1", "reload-agent", 0)
	s.becomes("a monitor to find nothing wrong", func() bool { code, _ := s.act("node1", "monitor"); return code == 8 })
	// Until then two may have been started, of which the one that is later to its pidfile ends.
	after := s.pid(s.supervisor())
	if after == before || after == 0 {
		t.Errorf("the supervisor was process %d and is %d", before, after)
	}

	const wrong = `cannot use parameter beat_interval="0"`
	s.set("beat_interval", "0")
	wantText(t, s.agent("node1", "reload-agent", 0), wrong)
	for range 2 {
		wantText(t, s.agent("node1", "monitor", 191), wrong, "stays in force")
	}
	s.agent("node1", "demote", 0)
	s.agent("node1", "promote", 0)
	if now := s.pid(s.supervisor()); now != after {
		t.Errorf("the supervisor was process %d and is %d", after, now)
	}

	s.set("beat_interval", "2")
	s.agent("node1", "reload-agent", 0)
	s.becomes("a monitor to find nothing wrong", func() bool { code, _ := s.act("node1", "monitor"); return code == 8 })
	if now := s.pid(s.supervisor()); now == after || now == 0 {
		t.Errorf("the supervisor was process %d and is %d", after, now)
	}
	if now := s.serverPIDs(); now != servers {
		t.Errorf("the servers were %v and are %v", servers, now)
	}
}
