package supervisor

import (
	"context"
	"sync"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

// sourceRetry is between two attempts at a session to the source.
const sourceRetry = time.Second

// sourceWatcher keeps a session to the server that this backup replicates from, and watches the
// term marker there.
type sourceWatcher struct {
	controller *control.Controller
	unit       control.Unit

	mu      sync.Mutex
	source  string // empty while this node is no backup of the promoted one
	latest  sourceState
	losses  control.SessionLoss
	changed chan struct{}
}

func newSourceWatcher(c *control.Controller, u control.Unit) *sourceWatcher {
	return &sourceWatcher{controller: c, unit: u, latest: unwatched(""), changed: make(chan struct{}, 1)}
}

// follow sets the source to watch; empty for none.
func (w *sourceWatcher) follow(source string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if source == w.source {
		return
	}
	w.source, w.latest = source, unwatched(source)
	signal(w.changed)
}

// unwatched returns the state of a source to which there was no session so far.
func unwatched(source string) sourceState {
	if source == "" {
		return sourceState{reason: "the server here does not replicate from it"}
	}
	return sourceState{reason: "no session yet"}
}

// state returns the known state of the source.
func (w *sourceWatcher) state() sourceState {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.latest
}

// unreachable reports whether there is a source to watch and no session to it.
func (w *sourceWatcher) unreachable() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.source != "" && !w.latest.connected
}

// set takes note of a state, unless another source is watched by now.
func (w *sourceWatcher) set(source string, state sourceState) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if source != w.source {
		return
	}
	if w.latest.connected && !state.connected {
		w.losses = control.SessionLoss{Count: w.losses.Count + 1, Last: time.Now(), Reason: state.reason}
	}
	w.latest = state
}

// lost returns how often the session to a source was lost.
func (w *sourceWatcher) lost() control.SessionLoss {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.losses
}

// sessionLosses returns the losses of each database that has lost any, by name.
func sessionLosses(watchers []*sourceWatcher) map[string]control.SessionLoss {
	var losses map[string]control.SessionLoss
	for _, w := range watchers {
		lost := w.lost()
		if lost.Count == 0 {
			continue
		}
		if losses == nil {
			losses = map[string]control.SessionLoss{}
		}
		losses[w.unit.Name()] = lost
	}
	return losses
}

func (w *sourceWatcher) current() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.source
}

// run watches until ctx ends.
func (w *sourceWatcher) run(ctx context.Context) {
	for ctx.Err() == nil {
		source := w.current()
		if source == "" {
			select {
			case <-ctx.Done():
			case <-w.changed:
			}
			continue
		}
		w.watch(ctx, source)
	}
}

// watch watches one source until its session ends, or another one is to be watched.
func (w *sourceWatcher) watch(ctx context.Context, source string) {
	watching, cancel := context.WithCancel(ctx)
	defer cancel()
	markers := make(chan *replication.Marker)
	ended := make(chan error, 1)
	go func() { ended <- w.controller.WatchSource(watching, w.unit, source, markers) }()
	for {
		select {
		case <-ctx.Done():
			return
		case <-w.changed:
			return
		case marker := <-markers:
			w.set(source, sourceState{connected: true, marker: marker})
		case err := <-ended:
			w.set(source, sourceState{reason: err.Error()})
			pause(ctx, sourceRetry)
			return
		}
	}
}
