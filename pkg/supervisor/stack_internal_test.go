package supervisor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus/hooks/test"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/control/controltest"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

func TestPartOfTheClusterStackIsGoneOnceItIsMissingForAMomentAndAHalf(t *testing.T) {
	t.Parallel()
	var s stackLoss
	for _, tt := range []struct {
		at            time.Duration
		running, gone bool
	}{
		{at: 0},
		{at: 1400 * time.Millisecond},
		{at: 1500 * time.Millisecond, gone: true},
		{at: time.Minute, gone: true},
		{at: 61 * time.Second, running: true},
		{at: 62 * time.Second},
		{at: 63 * time.Second},
		{at: 64 * time.Second, gone: true},
	} {
		if gone := s.observe(time.Unix(0, 0).Add(tt.at), tt.running, stackGrace); gone != tt.gone {
			t.Errorf("after %s: gone %v, want %v", tt.at, gone, tt.gone)
		}
	}
}

// The attribute manager may stay away for ever; one that is restarted is not worth a line.
func TestPartWithoutWhichClientsAreServedIsMissedInTheLogAfterTenSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log, lines := test.NewNullLogger()
		ended, f := make(fakeDaemon), &fakeStack{}
		f.set(ended)
		w := &stackWatcher{log: log, part: "pacemaker-attrd", find: f.find}
		go w.run(t.Context())
		synctest.Wait()
		f.set()
		close(ended)
		time.Sleep(partGrace - time.Second)
		if got := lines.AllEntries(); len(got) > 0 {
			t.Errorf("%s before the time is up: %v", partGrace, got)
		}
		time.Sleep(2 * time.Second)
		if got := lines.LastEntry(); got == nil || got.Message != unpublished || w.gone.Load() {
			t.Errorf("after %s: %v, gone %v", partGrace, got, w.gone.Load())
		}
	})
}

// pacemakerd may run on without the CIB manager, by which this node learns of another one that leads.
func TestNodeMissesEachPartOfItsClusterStack(t *testing.T) {
	t.Parallel()
	missed := func(remote bool) (parts []string) {
		for _, part := range stackParts(remote) {
			if part.required {
				parts = append(parts, part.programs[0])
			}
		}
		return parts
	}
	if parts := missed(false); !slices.Equal(parts, []string{"pacemakerd", "corosync", "pacemaker-based"}) {
		t.Errorf("a node of the cluster misses %q", parts)
	}
	if parts := missed(true); !slices.Equal(parts, []string{"pacemakerd"}) {
		t.Errorf("a node of Pacemaker Remote misses %q", parts)
	}
}

// fakeDaemon runs until its channel is closed.
type fakeDaemon chan struct{}

func (d fakeDaemon) Wait(ctx context.Context) error {
	select {
	case <-d:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d fakeDaemon) Close() {}

// fakeStack is a part of the cluster stack.
type fakeStack struct {
	mu       sync.Mutex
	running  []daemon
	searches int
	closings atomic.Int32
}

func (f *fakeStack) set(running ...daemon) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = running
}

func (f *fakeStack) find() ([]daemon, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.searches++
	return f.running, nil
}

// watchStack watches a part until the test ends.
func watchStack(t *testing.T, f *fakeStack, dismisses bool) *stackWatcher {
	t.Helper()
	w := &stackWatcher{
		log: newTestRestarter(t, "").log, required: true, find: f.find, dismisses: func() bool { return dismisses },
		closeListeners: func(context.Context) error { f.closings.Add(1); return nil },
	}
	go w.run(t.Context())
	synctest.Wait()
	return w
}

func TestActiveWhoseClusterStackEndsServesNoClientsThreeSecondsLaterUntilItIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		first, second := make(fakeDaemon), make(fakeDaemon)
		f := &fakeStack{running: []daemon{first, second}}
		w := watchStack(t, f, true)
		wait(time.Hour)
		if f.searches != 1 {
			t.Errorf("it was searched for %d times while it ran", f.searches)
		}
		close(second)
		f.set(first)
		wait(time.Minute)
		if f.closings.Load() > 0 || w.gone.Load() {
			t.Fatal("it counts as gone while one of its programs runs")
		}
		l := loop{stack: []*stackWatcher{w}}
		if !l.stackChanged() || l.stackChanged() {
			t.Error("the end of one program is not noticed, or twice")
		}
		close(first)
		f.set()
		wait(time.Second)
		if f.closings.Load() > 0 {
			t.Error("the listeners were closed before it could be started again")
		}
		wait(2 * time.Second)
		if f.closings.Load() == 0 || !w.gone.Load() {
			t.Fatal("the listeners are open three seconds after its end")
		}
		closings := f.closings.Load()
		wait(time.Second)
		if f.closings.Load() < closings+2 {
			t.Error("the listeners are not kept closed")
		}
		f.set(make(fakeDaemon))
		wait(stackInterval)
		if w.gone.Load() {
			t.Error("it is gone though it runs again")
		}
		closings = f.closings.Load()
		wait(time.Minute)
		if f.closings.Load() > closings {
			t.Error("the listeners were closed though it runs again")
		}
	})
}

func TestListenersStayOpenWithAClusterStackThatIsRestartedOrWasNeverThereOrIsNotInCharge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		dismisses bool
		daemon    fakeDaemon
		happen    func(f *fakeStack, first fakeDaemon)
	}{
		{
			name: "restarted within a second", dismisses: true, daemon: make(fakeDaemon),
			happen: func(f *fakeStack, first fakeDaemon) {
				f.set()
				close(first)
				wait(time.Second)
				f.set(make(fakeDaemon))
			},
		},
		{name: "never there", dismisses: true, happen: func(*fakeStack, fakeDaemon) {}},
		{
			name: "in maintenance, or on a backup", daemon: make(fakeDaemon),
			happen: func(f *fakeStack, first fakeDaemon) {
				f.set()
				close(first)
			},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, first := &fakeStack{}, tt.daemon
				if first != nil {
					first = make(fakeDaemon) // of this bubble
					f.running = []daemon{first}
				}
				watchStack(t, f, tt.dismisses)
				tt.happen(f, first)
				wait(time.Minute)
				if f.closings.Load() > 0 {
					t.Error("the listeners were closed")
				}
			})
		})
	}
}

func TestListenersAreOpenedAgainOnceTheClusterHasConfirmedTheTermToAStackThatIsBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, w := newActive(), &stackWatcher{required: true}
		l, _, _ := start(t, n, func(l *loop) {
			l.stack = []*stackWatcher{w}
			l.managed.Store(true)
		})
		opened := n.count("open")
		w.gone.Store(true)
		wait(time.Minute)
		if reasons := locked(n, &n.saved).Reasons; len(reasons) != 1 || n.count("open") > opened {
			t.Errorf("the reasons are %q, and the listeners were opened %d times", reasons, n.count("open")-opened)
		}
		n.set(func() { n.queryErr = context.DeadlineExceeded })
		w.gone.Store(false)
		wait(time.Minute)
		if reasons := locked(n, &n.saved).Reasons; len(reasons) > 0 || n.count("open") > opened {
			t.Errorf("the reasons are %q, and the listeners were opened %d times though the cluster is silent", reasons, n.count("open")-opened)
		}
		n.set(func() { n.queryErr = nil })
		wait(time.Second)
		if n.count("open") != opened+1 {
			t.Error("the listeners are closed though the cluster has confirmed the term")
		}
		n.set(func() { n.cluster.Unmanaged = true })
		l.poller.request()
		wait(time.Second)
		w.gone.Store(true)
		wait(time.Minute)
		if reasons := locked(n, &n.saved).Reasons; len(reasons) > 0 || !l.serving.open {
			t.Errorf("in maintenance the reasons are %q, and the listeners are open: %v", reasons, l.serving.open)
		}
	})
}

// The part is a program of the test's own name, on a node with servers.
func TestSupervisedActiveWhosePacemakerIsKilledServesNoClientsUntilItRunsAgain(t *testing.T) {
	t.Parallel()
	ports := controltest.FreePorts(t)
	node := controltest.NewNode(t, controltest.NewCluster(), "node1", "127.0.0.1", ports)
	for _, err := range []error{
		node.Start(t.Context()), node.Promote(t.Context(), replication.Participants{Nodes: []string{"node1"}}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	const name = "stack-test-pcmk"
	kill := startStack(t, name)
	s := Supervisor{Controller: node, Log: node.Log, BeatInterval: time.Second}
	l := newLoop(s)
	found, watcher := make(chan struct{}), newStackWatcher(l, node, stackPart{programs: []string{name}, required: true}, nil)
	find, foundOnce := watcher.find, sync.OnceFunc(func() { close(found) })
	watcher.find = func() ([]daemon, error) {
		defer foundOnce()
		return find()
	}
	l.stack = []*stackWatcher{watcher}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.run(ctx, l) })
	t.Cleanup(func() { cancel(); running.Wait() })
	<-found
	awaitReachable(t, node, true)
	kill()
	awaitReachable(t, node, false)
	startStack(t, name)
	awaitReachable(t, node, true)
}

// startStack runs a program by a name until it is killed, or the test ends.
func startStack(t *testing.T, name string) (kill func()) {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.Symlink(sleep, path); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = sync.OnceFunc(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	t.Cleanup(kill)
	return kill
}

// awaitReachable awaits that clients reach the servers of a node, or none of them.
func awaitReachable(t *testing.T, node *control.Controller, want bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for {
		var open []bool
		for _, u := range node.Units {
			store, err := ovsdbctl.Open(ctx, u.Endpoint.Source(node.Listening.MasterIP), u.Server.Database)
			open = append(open, err == nil)
			if err == nil {
				store.Close()
			}
		}
		if !slices.Contains(open, !want) {
			return
		}
		if pause(ctx, 50*time.Millisecond); ctx.Err() != nil {
			t.Fatalf("clients reach the servers: %v, want all %v", open, want)
		}
	}
}
