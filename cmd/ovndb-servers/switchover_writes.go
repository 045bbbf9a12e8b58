package main

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

const (
	// askInterval is between two questions to the servers whether they take writes.
	askInterval = 50 * time.Millisecond
	// askTimeout bounds one such question.
	askTimeout = 500 * time.Millisecond
	// publishedInterval is between two questions to the cluster where the new active can be asked.
	publishedInterval = 200 * time.Millisecond
)

// standstill is when writes to one database stood still, as far as the tool has seen.
type standstill struct {
	// last is when the old active was asked for the last time of those at which it took writes, again
	// when the new one said for the first time that it does; zero before.
	last, again time.Time
}

func (s *standstill) oldAccepts(asked time.Time) { s.last = asked }

func (s *standstill) newAccepts(answered time.Time) {
	if s.again.IsZero() {
		s.again = answered
	}
}

func (s standstill) text() string {
	if s.last.IsZero() || s.again.IsZero() {
		return "not known, as its servers could not be asked from here"
	}
	return fmt.Sprintf("at most %s", rounded(s.again.Sub(s.last)))
}

// writeWatch asks the servers of the two nodes of a move whether they take writes, by empty
// transactions, for which nothing is written.
type writeWatch struct {
	plan   movePlan
	stores map[storeKey]*ovsdbctl.Store
	// learned is when the cluster was asked where the servers are.
	learned time.Time
	where   map[string]replication.Sources // by node

	mu   sync.Mutex
	seen map[string]*standstill // by database
}

type storeKey struct{ node, database string }

func newWriteWatch(m movePlan) *writeWatch {
	w := &writeWatch{
		plan: m, stores: map[storeKey]*ovsdbctl.Store{}, seen: map[string]*standstill{}, where: map[string]replication.Sources{},
	}
	for _, u := range m.controller.Units {
		w.seen[u.Name()] = &standstill{}
	}
	return w
}

// run asks until both databases are written to again on the new active, or ctx ends.
func (w *writeWatch) run(ctx context.Context) {
	defer func() {
		for _, store := range w.stores {
			store.Close()
		}
	}()
	ticker := time.NewTicker(askInterval)
	defer ticker.Stop()
	for !w.complete() {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.ask(ctx)
		}
	}
}

// ask asks each server once.
func (w *writeWatch) ask(ctx context.Context) {
	m := w.plan
	w.learn(ctx)
	for _, u := range m.controller.Units {
		asked := time.Now()
		old, next := w.accepts(ctx, m.from, u), w.accepts(ctx, m.to, u)
		w.mu.Lock()
		if old {
			w.seen[u.Name()].oldAccepts(asked)
		}
		if next {
			w.seen[u.Name()].newAccepts(time.Now())
		}
		w.mu.Unlock()
	}
}

// learn asks the cluster where the nodes say that they are replicated from, until the new active does.
func (w *writeWatch) learn(ctx context.Context) {
	if w.where[w.plan.to] != nil || time.Since(w.learned) < publishedInterval {
		return
	}
	w.learned = time.Now()
	published, err := w.plan.controller.Cluster.Published(ctx, control.TopicActive)
	if err != nil {
		return // it is asked again
	}
	maps.Copy(w.where, sourcesOf(published, w.plan.controller.Units))
}

// accepts reports whether a node's server is known to take writes.
func (w *writeWatch) accepts(ctx context.Context, node string, u control.Unit) bool {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	key := storeKey{node, u.Name()}
	store := w.stores[key]
	if store == nil {
		var err error
		if store, err = w.open(ctx, node, u); err != nil || store == nil {
			return false
		}
		w.stores[key] = store
	}
	writable, err := store.Writable(ctx)
	if err != nil {
		store.Close()
		delete(w.stores, key)
	}
	return err == nil && writable
}

// open connects to a server: that of this node by its socket, one of another node where it says that
// it is replicated from. It returns none if that is not known.
func (w *writeWatch) open(ctx context.Context, node string, u control.Unit) (*ovsdbctl.Store, error) {
	if node == w.plan.controller.Node {
		return u.Server.Open(ctx)
	}
	address := w.where[node][u.Name()]
	if address == "" {
		return nil, nil //nolint:nilnil // there is no server to ask, which is no error
	}
	return u.OpenSource(ctx, address)
}

// complete reports whether the new active takes writes to all databases.
func (w *writeWatch) complete() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.seen {
		if s.again.IsZero() {
			return false
		}
	}
	return true
}

// databases says for how long writes to each database stood still.
func (w *writeWatch) databases() []actionDatabase {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []actionDatabase
	for _, u := range w.plan.controller.Units {
		d, s := actionDatabase{Database: u.Name()}, w.seen[u.Name()]
		if !s.last.IsZero() && !s.again.IsZero() {
			seconds := rounded(s.again.Sub(s.last)).Seconds()
			d.StandstillSeconds = &seconds
		}
		all = append(all, d)
	}
	return all
}

// text says for how long writes stood still.
func (w *writeWatch) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var b strings.Builder
	b.WriteString("Writes stood still, as seen from here:\n")
	for _, u := range w.plan.controller.Units {
		fmt.Fprintf(&b, "  %s: %s\n", u.Name(), w.seen[u.Name()].text())
	}
	b.WriteString("That is from the last empty transaction that the old active has accepted to the first that the new one has,\n" +
		"at the addresses for replication; clients need time to connect again as well.\n")
	return b.String()
}
