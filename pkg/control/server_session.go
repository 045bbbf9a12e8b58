package control

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/replication"
)

// sessionAge is how long the process at the other end of a session is believed to be the server
// without another look at the lock of its database file.
const sessionAge = 5 * time.Second

// KeepSessions keeps the connections to the servers open between observations, which then cost a
// fraction, the term of this node known while the disk hangs, and the log free of failures that repeat each
// second. The caller calls end when it observes no more.
func (c *Controller) KeepSessions() (end func()) {
	c.ownTerms = &ownTermReader{read: c.readOwnTerm, timeout: ownTermTimeout, onHang: func() {
		c.Log.WithField("directory", c.StateDir).Error("the disk of the state directory hangs: the term that this node led last counts; see: dmesg -T")
	}}
	c.repeated = &FailureLog{}
	sessions := make([]*serverSession, len(c.Units))
	c.sessions = map[string]*serverSession{}
	for i, u := range c.Units {
		sessions[i] = &serverSession{}
		c.sessions[u.Name()] = sessions[i]
	}
	return func() {
		for _, s := range sessions {
			s.close()
		}
	}
}

// serverSession is the connections to a server that stay open. While they are, the process at their
// other end is the one that held the lock of the database file when they were opened: ovsdb-server
// gives it up only with its life. A nil session keeps nothing.
type serverSession struct {
	mu      sync.Mutex
	opened  time.Time
	process replication.ServerState // PID and Foreign
	channel *ovsdbctl.Channel
	store   *ovsdbctl.Store
	// roles are those of the rows by which the server listens, by target, and rolesTerm the term in
	// which they were seen.
	roles     map[string]string
	rolesTerm string
}

// open opens a session with the control socket of the server that runs as the process. Without one
// the server's commands have connections of their own, whose errors say why.
func (s *serverSession) open(ctx context.Context, server ovsdbctl.Server, identified replication.ServerState) ovsdbctl.Server {
	if s == nil {
		return server
	}
	channel, err := server.OpenChannel(ctx)
	if err != nil {
		return server
	}
	s.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened, s.process, s.channel = time.Now(), identified, channel
	return server.Over(channel)
}

// current returns the server over its open channel, and its process; false if none is open, or not
// lately.
func (s *serverSession) current(server ovsdbctl.Server) (ovsdbctl.Server, replication.ServerState, bool) {
	if s == nil {
		return server, replication.ServerState{}, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channel == nil || time.Since(s.opened) > sessionAge {
		return server, replication.ServerState{}, false
	}
	return server.Over(s.channel), s.process, true
}

// close ends the session. The next observation opens another one.
func (s *serverSession) close() {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.channel != nil {
		s.channel.Close()
	}
	if s.store != nil {
		s.store.Close()
	}
	s.channel, s.store = nil, nil
}

// observeKept observes a server by its open session. It returns false if there is none, or the
// server has not answered in it as one that works does: then the server is observed from its lock
// on.
func (c *Controller) observeKept(ctx context.Context, u Unit) (replication.ServerState, bool) {
	session := c.sessions[u.Name()]
	server, s, ok := session.current(u.Server)
	if !ok {
		return s, false
	}
	before, err := process.Inspect(s.PID)
	if err == nil && !before.Zombie && !before.Stopped {
		u.Server = server
		s = c.askServer(ctx, u, s, before)
		if s.Condition == replication.ConditionActive || s.Condition == replication.ConditionBackup {
			return s, true
		}
	}
	session.close()
	if s.Condition != replication.ConditionBusy {
		return s, false
	}
	pid, err := u.Running()
	return s, err == nil && pid == s.PID
}

// withStore calls read with the store of the unit's server: that of its session, if it has one.
func (c *Controller) withStore(ctx context.Context, u Unit, read func(*ovsdbctl.Store) error) error {
	session := c.sessions[u.Name()]
	if store := session.kept(); store != nil {
		err := read(store)
		if err == nil || errors.Is(err, ovsdbctl.ErrNoGlobal) {
			return err
		}
	}
	store, err := u.Server.Open(ctx)
	if err != nil {
		return err
	}
	if !session.keep(store) {
		defer store.Close()
	}
	return read(store)
}

// kept returns the store of the session, nil if it has none.
func (s *serverSession) kept() *ovsdbctl.Store {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.store
}

// keep makes a store part of an open session, and reports whether it is.
func (s *serverSession) keep(store *ovsdbctl.Store) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.store != nil {
		s.store.Close()
		s.store = nil
	}
	if s.channel == nil {
		return false
	}
	s.store = store
	return true
}

// rolesChanged takes note of the roles of the rows by which a server listens, and reports whether one
// is another than when it was first seen in the term. Listeners are opened at the begin of each term.
func (s *serverSession) rolesChanged(termID string, roles map[string]string) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rolesTerm != termID {
		s.roles, s.rolesTerm = map[string]string{}, termID
	}
	changed := false
	for target, role := range roles {
		before, seen := s.roles[target]
		changed = changed || seen && before != role
		if !seen {
			s.roles[target] = role
		}
	}
	maps.DeleteFunc(s.roles, func(target, _ string) bool { _, listens := roles[target]; return !listens })
	return changed
}

// forgetRoles takes note that listeners were opened, with the roles that are in the rows now.
func (s *serverSession) forgetRoles() {
	if s != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.rolesTerm = ""
	}
}
