package supervisor

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/replication"
)

func TestSupervisedBackupThatMissedAPromotionFollowsWhenTheClusterChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		_, changed, _ := start(t, n)
		n.set(func() { n.cluster.Leader.Node = "node3" })
		wait(5 * time.Second)
		if leader := n.leader(); leader != "node1" {
			t.Fatalf("the servers are to follow %q before the change is known", leader)
		}
		changed <- struct{}{}
		wait(changeDelay + observeInterval)
		if leader := n.leader(); leader != "node3" {
			t.Errorf("the servers are to follow %q, want the node promoted last", leader)
		}
	})
}

func TestSupervisedBackupFollowsAtOnceTheNodeThatAnActionLeftToIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		_, changed, _ := start(t, n)
		n.set(func() { n.pending = replication.Leader{Node: "node3"} })
		changed <- struct{}{}
		wait(observeInterval)
		if leader := n.leader(); leader != "node3" {
			t.Errorf("the servers are to follow %q, want the node that the action named", leader)
		}
	})
}

func TestSupervisedBackupWhoseServerIsBeingRestartedFollowsTheNodeLeftToItAfterThatAndObservesMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		_, changed, _ := start(t, n)
		n.set(func() { n.acting, n.pending = true, replication.Leader{Node: "node3"} })
		changed <- struct{}{}
		saves := n.count("save")
		wait(4 * time.Second)
		if leader := n.leader(); leader != "node1" {
			t.Errorf("the servers are to follow %q while one is being restarted", leader)
		}
		if n.count("save") == saves {
			t.Error("the state for the monitors was not written while a server was being restarted")
		}
		n.set(func() { n.acting = false })
		wait(2 * observeInterval)
		if leader := n.leader(); leader != "node3" {
			t.Errorf("the servers are to follow %q, want the node that the action named", leader)
		}
	})
}

func TestClusterRecordThatChangesWithoutNoticeHasTheClusterPolledByTheClockAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		start(t, n, func(l *loop) { l.polling.watched = true })
		before := n.count("query")
		wait(watchedInterval - 2*time.Second)
		if polls := n.count("query") - before; polls > 0 {
			t.Errorf("polled %d times at rest", polls)
		}
		n.set(func() { n.cluster.Record = "4 id4 node1 members=node1" })
		wait(3 * time.Second) // the poll that finds it
		before = n.count("query")
		wait(reviewInterval + time.Second)
		if polls := n.count("query") - before; polls != 1 {
			t.Errorf("polled %d times in %s, want once", polls, reviewInterval)
		}
	})
}

func TestPromotedNodeChecksTheRecordAtOnceAfterAChangeAndPollsLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		_, changed, _ := start(t, n)
		before := n.count("query")
		changed <- struct{}{}
		synctest.Wait()
		if checks, polls := n.count("check"), n.count("query")-before; checks != 1 || polls > 0 {
			t.Errorf("checked %d times and polled %d times, want one check", checks, polls)
		}
		wait(changeDelay + observeInterval)
		if polls := n.count("query") - before; polls != 1 {
			t.Errorf("polled %d times, want once", polls)
		}
	})
}

func TestPromotedNodePollsAtOnceIfTheRecordOrTheManagementHasChanged(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*control.SupervisorState){
		"record":     func(s *control.SupervisorState) { s.Record = "5 id5 node2" },
		"management": func(s *control.SupervisorState) { s.Unmanaged = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				n := newActive()
				_, changed, _ := start(t, n)
				before := n.count("query")
				n.set(func() { change(&n.cluster) })
				changed <- struct{}{}
				synctest.Wait()
				if polls := n.count("query") - before; polls != 1 {
					t.Errorf("polled %d times, want once", polls)
				}
			})
		})
	}
}

func TestPromotedNodeChecksOnceForManyChangesWhileAnActionIsUnderWayAndAgainAfterIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		_, changed, _ := start(t, n)
		n.set(func() { n.acting = true })
		for range 3 {
			changed <- struct{}{}
			synctest.Wait()
		}
		if checks := n.count("check"); checks > 0 {
			t.Errorf("checked %d times before the next observation", checks)
		}
		wait(5 * time.Second)
		if checks := n.count("check"); checks != 1 {
			t.Errorf("checked %d times while the action was under way, want once", checks)
		}
		n.set(func() { n.acting = false })
		wait(observeInterval)
		if checks := n.count("check"); checks != 2 {
			t.Errorf("checked %d times by the end of the action, want twice", checks)
		}
	})
}

func TestActiveWhoseTermIsOverIsMadeReadOnlyWithinASecondAlsoWhileAnActionIsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		_, changed, _ := start(t, n)
		n.set(func() { n.acting, n.cluster.Record = true, "5 id5 node2" })
		changed <- struct{}{}
		wait(time.Second)
		repairs := locked(n, &n.repairs).Repairs
		if len(repairs) == 0 || repairs[0].Kind != replication.RepairPark || !repairs[0].Urgent {
			t.Errorf("the repairs are %v, want the urgent ones of the verdict", repairs)
		}
	})
}

func TestActiveThatWasPromotedAfterTheClusterWasAskedHasNotLostItsRecord(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.cluster.Record = "3 id3 node2"
		own := n.observation.Own
		n.observation = observation(replication.ConditionBackup, false, "")
		start(t, n)
		n.set(func() { n.queryTime = 5 * time.Second }) // the cluster is slow
		polls := n.count("query")
		n.set(func() {
			n.observation = observation(replication.ConditionActive, true, "")
			n.observation.Own = own
		})
		wait(3 * time.Second)
		if n.count("repair") > 0 || n.count("beat") == 0 {
			t.Errorf("%d repairs and %d beats of a node that was promoted just now", n.count("repair"), n.count("beat"))
		}
		if n.count("query") == polls {
			t.Error("the cluster was not asked for the record of the new term")
		}
		wait(10 * time.Second) // the answer to that still has the old record
		if repairs := locked(n, &n.repairs).Repairs; len(repairs) != 1 || repairs[0].Kind != replication.RepairRecord {
			t.Errorf("the repairs are %v, want the record to be written again", repairs)
		}
	})
}

func TestBeatThatFailsEachSecondIsLoggedEachMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.beatErr = errors.New("no space left on device")
		_, _, log := start(t, n)
		wait(2 * time.Minute)
		if beats := n.count("beat"); beats < 100 {
			t.Errorf("%d beats in two minutes", beats)
		}
		if lines := len(log.AllEntries()); lines < 2 || lines > 3 {
			t.Errorf("%d log lines in two minutes", lines)
		}
	})
}

func TestRepairsAreLoggedWithTheirKindAndNeverWithAnEmptyReason(t *testing.T) {
	t.Parallel()
	elsewhere := newElsewhere()
	forget := newBackup()
	forget.observation.Own = &replication.OwnTerm{Record: replication.Record{Term: 3, TermID: "id3", Node: "node2"}, Recorded: true}
	for _, tt := range []struct {
		name, repairs, reason string
		node                  *fakeNode
	}{
		{
			name: "with a reason", node: elsewhere, repairs: "follow OVN_Northbound",
			reason: "the OVN_Northbound server replicated from tcp:192.0.2.9:6641 and not from the promoted node node1 at tcp:192.0.2.1:6641",
		},
		{name: "without", node: forget, repairs: "forget"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				_, _, log := start(t, tt.node)
				wait(time.Minute)
				entries := slices.DeleteFunc(log.AllEntries(), func(e *logrus.Entry) bool { return e.Message != "the servers of this node needed a repair" })
				if len(entries) == 0 || len(entries) > 2 || tt.node.count("repair") < 20 {
					t.Fatalf("%d log lines about %d repairs", len(entries), tt.node.count("repair"))
				}
				for _, e := range entries {
					reason, _ := e.Data["reason"].(string)
					if _, given := e.Data["reason"]; e.Data["repairs"] != tt.repairs || reason != tt.reason || given != (tt.reason != "") {
						t.Errorf("the fields are %v", e.Data)
					}
				}
			})
		})
	}
}

func TestClusterIsToldOfAServerThatFailsUnlessItIsBeingRestarted(t *testing.T) {
	t.Parallel()
	for _, restarting := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			n := newBackup()
			n.observation.Servers[0].Condition = replication.ConditionFailed
			l := &loop{node: n, log: newTestRestarter(t, "").log, restarters: []*restarter{newTestRestarter(t, "OVN_Northbound")}}
			if restarting {
				l.restarters[0].report("it died and is being restarted")
			}
			for at := range 10 {
				l.escalate(t.Context(), time.Unix(int64(at), 0), n.observation, false, false)
			}
			if told := n.count("escalate") > 0; told == restarting {
				t.Errorf("restarting %v: told %v", restarting, told)
			}
		})
	}
}

func TestRequestsDuringAPollCountAsOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		n.queryTime = 10 * time.Second
		p := newClusterPoller(n, newTestRestarter(t, "").log)
		go p.run(t.Context())
		p.request()
		synctest.Wait()
		for range 5 {
			p.request()
		}
		for range 2 {
			<-p.answers
		}
		wait(time.Minute)
		if polls := n.count("query"); polls != 2 {
			t.Errorf("polled %d times, want twice", polls)
		}
	})
}

func TestElectionsAreAnsweredWhileNoNodeIsPromoted(t *testing.T) {
	t.Parallel()
	leaderless := newBackup()
	leaderless.cluster.Leader = replication.Leader{}
	unreachable := newBackup()
	unreachable.cluster, unreachable.queryErr = control.SupervisorState{}, errors.New("no quorum")
	for _, tt := range []struct {
		name    string
		node    *fakeNode
		answers int
	}{
		{"a backup without a leader", leaderless, 1},
		{"a backup that follows", newBackup(), 0},
		{"the promoted node", newActive(), 0},
		{"a node without a cluster", unreachable, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newClusterPoller(tt.node, newTestRestarter(t, "").log)
			if _, err := p.poll(t.Context()); !errors.Is(err, tt.node.queryErr) {
				t.Errorf("the error is %v", err)
			}
			if answers := tt.node.count("answer"); answers != tt.answers {
				t.Errorf("answered %d times, want %d", answers, tt.answers)
			}
		})
	}
}

func TestPollThatFailsEachSecondIsLoggedEachMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		n.cluster, n.queryErr = control.SupervisorState{}, errors.New("no quorum")
		_, _, log := start(t, n)
		wait(2 * time.Minute)
		lines := slices.DeleteFunc(slices.Clone(log.AllEntries()), func(e *logrus.Entry) bool {
			return e.Message != "cannot ask the cluster about the term and the promoted node"
		})
		if polls := n.count("query"); polls < 50 || len(lines) != 2 {
			t.Errorf("%d log lines about %d polls", len(lines), polls)
		}
	})
}

func TestAnswerOfThePollerSaysWhenItWasAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		n.queryTime = 10 * time.Second
		p := newClusterPoller(n, newTestRestarter(t, "").log)
		go p.run(t.Context())
		asked := time.Now()
		p.request()
		if a := <-p.answers; !a.askedAt.Equal(asked) || !time.Now().Equal(asked.Add(n.queryTime)) {
			t.Errorf("asked for at %s, want %s", a.askedAt, asked)
		}
	})
}

func TestMarkerThatAClientHasChangedIsNoMeasureForTheServersFile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		n.markers = map[string]*replication.Marker{northbound: at("id4", 7)}
		start(t, n)
		for _, changed := range []*replication.Marker{nil, at("id4", 2), at("another", 99)} {
			n.set(func() { n.markers = map[string]*replication.Marker{northbound: changed} })
			wait(time.Second)
			if seen := locked(n, &n.seen)[northbound]; seen == nil || *seen != *at("id4", 7) {
				t.Errorf("after %+v the last marker is %+v, want that of beat 7", changed, seen)
			}
		}
	})
}
