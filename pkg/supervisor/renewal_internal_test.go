package supervisor

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/ovsdbctl"
	"ovndb-servers/pkg/replication"
)

func TestSameValueIsPublishedAgainWhenItMayHaveBeenLostAndRarelyAtRest(t *testing.T) {
	t.Parallel()
	const announced, unannounced = true, false
	for _, tt := range []struct {
		name      string
		announced bool
		busy      bool // not at rest
		changes   []int
		lost      []int
		want      []int // the seconds of the publications after the first
	}{
		{name: "at rest", announced: announced, want: []int{300}},
		{name: "while no node leads", announced: announced, busy: true, want: []int{30, 60, 90, 120, 150, 180, 210, 240, 270, 300}},
		{name: "where losses are not announced", announced: unannounced, want: []int{30, 60, 90, 120, 150, 180, 210, 240, 270, 300}},
		{
			name: "after a daemon of Pacemaker's was restarted", announced: announced, lost: []int{100},
			want: []int{100, 102, 104, 106, 108, 110, 112, 114, 116, 118, 150},
		},
		{name: "after a change of the cluster", announced: announced, changes: []int{100}, want: []int{130}},
		{name: "after several at once", announced: announced, changes: []int{100, 101, 102}, want: []int{130, 132}},
		{name: "while it changes all the time", announced: announced, changes: seconds(100, 200), want: []int{130, 160, 190, 220, 229}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			began := time.Unix(1_700_000_000, 0)
			r, publishedAt := renewal{announced: tt.announced}, began
			var published []int
			for second := 1; second <= 300; second++ {
				now := began.Add(time.Duration(second) * time.Second)
				if slices.Contains(tt.changes, second) {
					r.changed(now)
				}
				if slices.Contains(tt.lost, second) {
					r.lost(now)
				}
				r.begin(now)
				if r.due(now, publishedAt, !tt.busy) {
					publishedAt = now
					published = append(published, second)
				}
			}
			if !slices.Equal(published, tt.want) {
				t.Errorf("published after %v seconds, want %v", published, tt.want)
			}
		})
	}
}

// seconds returns the numbers from one to another, without that.
func seconds(from, to int) (all []int) {
	for s := from; s < to; s++ {
		all = append(all, s)
	}
	return all
}

// restingNode is a node whose supervisor watches all parts of the cluster stack, by the names of these.
type restingNode struct {
	*fakeNode

	loop    *loop
	changed chan struct{}
	parts   map[string]*fakeStack
	daemons map[string]fakeDaemon
}

// startAtRest runs the loop on a node, which is prepared before, until the test ends, and waits until all is
// published.
func startAtRest(t *testing.T, n *fakeNode, prepare ...func(*restingNode, *loop)) *restingNode {
	t.Helper()
	rest := &restingNode{fakeNode: n, parts: map[string]*fakeStack{}, daemons: map[string]fakeDaemon{}}
	n.markers = map[string]*replication.Marker{northbound: at("id4", 7), southbound: at("id4", 7)}
	rest.loop, rest.changed, _ = start(t, n, func(l *loop) {
		l.polling.watched = true
		l.schemas.lost = make(chan struct{}, 1)
		for _, database := range []string{northbound, southbound} {
			u := control.Unit{Server: ovsdbctl.Server{Database: ovsdbctl.Database{Name: database}}}
			l.sources = append(l.sources, newSourceWatcher(nil, u))
		}
		for _, part := range stackParts(false) {
			name := part.programs[0]
			rest.daemons[name], rest.parts[name] = make(fakeDaemon), &fakeStack{}
			rest.parts[name].set(rest.daemons[name])
			w := &stackWatcher{
				log: l.log, part: name, required: part.required, find: rest.parts[name].find,
				dismisses:      func() bool { return true },
				closeListeners: func(context.Context) error { n.called("close"); return nil },
			}
			l.stack = append(l.stack, w)
		}
		for _, f := range prepare {
			f(rest, l)
		}
		for _, w := range l.stack {
			go w.run(t.Context())
		}
	})
	rest.loop.see(sourceState{connected: true, marker: at("id4", 7)})
	wait(time.Minute)
	rest.forget()
	return rest
}

// end ends the daemon of a part.
func (n *restingNode) end(part string) {
	n.parts[part].set()
	close(n.daemons[part])
}

// restart starts the daemon of a part again.
func (n *restingNode) restart(part string) {
	n.daemons[part] = make(fakeDaemon)
	n.parts[part].set(n.daemons[part])
}

// forget forgets what was published.
func (n *restingNode) forget() {
	select {
	case <-n.loop.schemas.lost:
	default:
	}
	n.set(func() { n.scores, n.freshness, n.states, n.positions = nil, nil, nil, 0 })
}

// renewed returns the values that were published since.
func (n *restingNode) renewed() (values []string) {
	add := func(name string, count int) {
		if count > 0 {
			values = append(values, name)
		}
	}
	add("score", len(locked(n.fakeNode, &n.scores)))
	add("freshness", len(locked(n.fakeNode, &n.freshness)))
	add("state", len(locked(n.fakeNode, &n.states)))
	add("position", locked(n.fakeNode, &n.positions))
	add("schemas", len(n.loop.schemas.lost))
	return values
}

func (n *restingNode) expect(t *testing.T, when string, want ...string) {
	t.Helper()
	if got := n.renewed(); !slices.Equal(got, want) {
		t.Errorf("%s: published again are %q, want %q", when, got, want)
	}
}

// all are the values of a backup.
func all() []string { return []string{"score", "freshness", "state", "position", "schemas"} }

// From a backup at rest: the attribute manager has forgotten the values of its node with its end, and ends with
// the CIB manager; the CIB loses them with the controller's end. They are there again within a second of its
// restart, each time, and nothing is run while it is missing.
func TestValuesAreSetAgainAsSoonAsADaemonOfPacemakersThatForgetsThemRunsAgain(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"pacemaker-attrd", "pacemaker-based", "pacemaker-controld"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := startAtRest(t, newBackup())
				for range 2 {
					n.end(part)
					wait(20 * time.Second)
					n.expect(t, "while it is missing")
					n.restart(part)
					wait(stackInterval + observeInterval)
					n.expect(t, "a second after its restart", all()...)
					wait(renewTime)
					n.forget()
					wait(2 * reviewInterval)
					n.expect(t, "once more when the node is back in the cluster", all()...)
					wait(5 * time.Minute)
					n.forget()
				}
			})
		})
	}
}

// From an active at rest whose ovn-northd waits until the databases are converted, or is systemd's, which may last
// for days: monitor repairs nothing, and so publishes nothing. The attribute manager, and with it the score and the
// address of the node, is lost all the same.
func TestValuesOfAnActiveWithALastingFaultOfNorthdAreSetAgain(t *testing.T) {
	t.Parallel()
	for name, northd := range map[string]replication.Northd{
		"waits": {Managed: true, Waits: "it waits for the conversion"}, "is systemd's": {Managed: true, PID: 7, Reason: "systemd runs it, too"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newActive()
				n.observation.Northd = northd
				rest := startAtRest(t, n)
				if v := replication.Assess(n.judge(n.cluster)); v.Health != replication.HealthActiveDegraded || len(v.Repairs) > 0 {
					t.Fatalf("the verdict is %+v", v)
				}
				rest.end("pacemaker-attrd")
				wait(time.Second)
				rest.restart("pacemaker-attrd")
				wait(stackInterval + observeInterval)
				rest.expect(t, "a second after its restart", "score", "state", "position", "schemas")
				wait(2 * time.Minute)
				rest.forget()
				wait(restRenewal + observeInterval)
				rest.expect(t, "within five minutes", "score")
			})
		})
	}
}

// From an active at rest: without the attribute manager or the controller alone it serves its clients, as it does
// without a daemon that pacemakerd restarts at once.
func TestActiveServesWithoutTheAttributeManager(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := startAtRest(t, newActive())
		n.loop.managed.Store(true)
		for _, part := range []string{"pacemaker-attrd", "pacemaker-controld"} {
			n.end(part)
		}
		wait(time.Hour)
		if reasons := locked(n.fakeNode, &n.saved).Reasons; n.count("close") > 0 || len(reasons) > 0 {
			t.Errorf("the listeners were closed %d times, and the reasons are %q", n.count("close"), reasons)
		}
	})
}

// From a node at rest: one that was counted out and is back, was removed by crm_node, or whose CIB was replaced, has
// cib.xml written. One that stood still may have been counted out as well. Its values are there again half a minute
// later, as they may be lost just after.
func TestValuesAreSetAgainHalfAMinuteAfterAChangeInTheCluster(t *testing.T) {
	t.Parallel()
	for name, happen := range map[string]func(*restingNode){
		"cib.xml is written, or an action has ended": func(n *restingNode) { n.changed <- struct{}{} },
		"the node stood still":                       func(n *restingNode) { n.loop.frozen <- 5 * time.Second },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := startAtRest(t, newBackup())
				happen(n)
				wait(reviewInterval - time.Second)
				n.expect(t, "before")
				wait(2 * time.Second)
				n.expect(t, "half a minute later", all()...)
				n.forget()
				wait(4 * time.Minute)
				n.expect(t, "afterwards")
			})
		})
	}
}

// From a node at rest: an operator deletes its score and its freshness, by attrd_updater or crm_attribute, and
// nothing announces that. They are there again within five minutes, of an active also the address. The state, on
// which nothing depends, is not.
func TestValuesThatAPersonHasDeletedAreSetAgainWithinFiveMinutes(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]func() *fakeNode{"active": newActive, "backup": newBackup} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := startAtRest(t, n())
				want := []string{"score"}
				if name == "backup" {
					want = append(want, "freshness")
				}
				for range 3 {
					wait(restRenewal + observeInterval)
					n.expect(t, "within five minutes", want...)
					n.forget()
				}
			})
		})
	}
}

// From an active at rest whose address an operator has deleted: the poll that is due finds that, and it is there
// again at once.
func TestAddressThatIsFoundMissingIsSetAgainAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := startAtRest(t, newActive())
		n.set(func() { n.cluster.AddressLost = true })
		n.loop.poller.request()
		synctest.Wait()
		n.set(func() { n.cluster.AddressLost = false })
		wait(observeInterval)
		n.expect(t, "with the poll", "score", "state", "position")
	})
}

// From a backup at rest whose score an operator has deleted, or which an election has lowered, and whose active
// dies: it asks the cluster for its score at once, and again each half a minute until a node leads.
func TestBackupLooksAfterItsScoreWhileNoNodeLeads(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := startAtRest(t, newBackup())
		n.set(func() { n.cluster.Leader = replication.Leader{} })
		n.loop.poller.request()
		wait(2 * observeInterval)
		n.expect(t, "within a second", "score")
		for range 3 {
			n.forget()
			wait(reviewInterval + observeInterval)
			if !slices.Contains(n.renewed(), "score") {
				t.Error("it does not ask half a minute later")
			}
		}
	})
}

// From a restart in place, for which the score may have been lowered: it is set when the servers run again.
func TestScoreIsSetAfterARestartInPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := startAtRest(t, newActive())
		server := n.observation.Servers[0]
		n.set(func() { n.observation.Servers[0].Condition = replication.ConditionBusy })
		wait(5 * time.Second)
		n.expect(t, "while a server does not answer")
		n.set(func() { n.observation.Servers[0] = server })
		wait(roleChangeQuiet + 2*observeInterval)
		n.expect(t, "then", "score")
	})
}

// From a cluster that refuses the score: it is tried again half a minute later.
func TestScoreThatTheClusterHasNotTakenIsTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := startAtRest(t, newBackup())
		n.set(func() {
			n.scoreErr = errors.New("connection refused")
			n.observation.Servers[0].Link = replication.LinkConnecting
			n.observation.Servers[1].Link = replication.LinkConnecting
		})
		wait(20 * time.Second)
		n.expect(t, "with the change", "score")
		n.forget()
		wait(reviewInterval)
		n.expect(t, "half a minute later", all()...)
	})
}

// From a node where an event cannot be noticed: its values are published each half a minute, as it has no other way.
func TestValuesAreSetAgainByTheClockWhereNoLossIsAnnounced(t *testing.T) {
	t.Parallel()
	for name, blind := range map[string]func(*restingNode, *loop){
		"a node of Pacemaker Remote":              func(_ *restingNode, l *loop) { l.polling.remote = true },
		"cib.xml cannot be watched":               func(_ *restingNode, l *loop) { l.polling.watched = false },
		"the attribute manager has another name":  func(n *restingNode, _ *loop) { n.parts["pacemaker-attrd"].set() },
		"no part of the cluster stack is known":   func(_ *restingNode, l *loop) { l.stack = nil },
		"cib.xml was found not to follow the CIB": func(_ *restingNode, l *loop) { l.polling.answered(time.Now(), true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := startAtRest(t, newBackup(), blind)
				for range 3 {
					wait(reviewInterval + observeInterval)
					n.expect(t, "half a minute later", "score", "freshness")
					n.forget()
				}
			})
		})
	}
}
