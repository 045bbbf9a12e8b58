package supervisor

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/replication"
)

func TestDiskThatFailsIsLostAfterItsPatienceWithoutAMomentInWhichItWorks(t *testing.T) {
	t.Parallel()
	var d spell
	for _, tt := range []struct {
		at             time.Duration
		fails, lasting bool
	}{
		{at: 0},
		{at: time.Second, fails: true},
		{at: 30 * time.Second, fails: true},
		{at: 31 * time.Second, fails: true, lasting: true},
		{at: 32 * time.Second},
		{at: 33 * time.Second, fails: true},
		{at: 62 * time.Second, fails: true},
		{at: 63 * time.Second, fails: true, lasting: true},
	} {
		lasting := d.observe(time.Unix(0, 0).Add(tt.at), tt.fails, 30*time.Second)
		if lasting != tt.lasting || d.holds() != tt.fails {
			t.Errorf("after %s: lasting %v, fails %v", tt.at, lasting, d.holds())
		}
	}
}

func TestWriteThatDoesNotReturnWithinTenSecondsCountsAsFailedUntilItReturns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging, probes := make(chan error), 0
		p := &diskProber{probe: func() error { probes++; return <-hanging }}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { p.run(ctx); close(ended) }()
		wait(diskTimeout - time.Millisecond)
		if err := p.failure(time.Now()); err != nil {
			t.Errorf("it fails early: %v", err)
		}
		wait(time.Minute)
		if err := p.failure(time.Now()); err == nil || probes != 1 {
			t.Errorf("no failure, or %d probes though one is under way", probes)
		}
		hanging <- nil
		synctest.Wait()
		if err := p.failure(time.Now()); err != nil {
			t.Errorf("it fails still: %v", err)
		}
		wait(diskInterval)
		hanging <- errors.New("input/output error")
		synctest.Wait()
		if err := p.failure(time.Now()); err == nil || err.Error() != "input/output error" {
			t.Errorf("the failure is %v", err)
		}
		wait(diskInterval)
		cancel()
		<-ended // though a probe hangs
		hanging <- nil
	})
}

func TestActiveWhoseDiskFailsIsReportedAtOnceAndLeftToAFreshNodeAfterItsPatience(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		node        *fakeNode
		members     []string
		escalations int
	}{
		{name: "another node is fresh", node: newActive(), members: []string{"node1", "node2"}, escalations: 2},
		{name: "no other is", node: newActive(), members: []string{"node1"}},
		{name: "it is not known", node: newActive()},
		{name: "a backup", node: newBackup()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if tt.node.promoted {
					tt.node.observation.Own.Record.Members = tt.members
				}
				l, _, log := start(t, tt.node)
				l.disk.ended(errors.New("cannot write to /db: no space left on device"))
				wait(observeInterval)
				want := []string{"the databases cannot be written to disk: cannot write to /db: no space left on device"}
				if got := locked(tt.node, &tt.node.saved).Reasons; !slices.Equal(got, want) {
					t.Errorf("the monitors are told %q", got)
				}
				wait(29 * time.Second)
				if tt.node.count("escalate") > 0 {
					t.Error("the cluster was told before half a minute")
				}
				wait(escalateInterval + time.Second)
				if told := tt.node.count("escalate"); told != tt.escalations {
					t.Errorf("the cluster was told %d times, want %d", told, tt.escalations)
				}
				lines := slices.DeleteFunc(slices.Clone(log.AllEntries()), func(e *logrus.Entry) bool { return e.Message != "the databases cannot be written to disk" })
				if len(lines) != 3 { // in two and a half minutes
					t.Errorf("%d log lines", len(lines))
				}
				l.disk.ended(nil)
				wait(observeInterval)
				if got := locked(tt.node, &tt.node.saved).Reasons; len(got) > 0 {
					t.Errorf("the monitors are still told %q", got)
				}
			})
		})
	}
}

func TestBackupStandsForPromotionAgainAsSoonAsItsDiskTakesWrites(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newBackup()
		n.cluster.Leader = replication.Leader{}
		l, _, _ := start(t, n)
		l.disk.ended(errors.New("cannot write to /db: no space left on device"))
		wait(renewInterval + time.Second)
		before := len(locked(n, &n.scores))
		l.disk.ended(nil)
		wait(2 * observeInterval)
		if published := len(locked(n, &n.scores)); published != before+1 {
			t.Errorf("published %d times since the disk takes writes, want once", published-before)
		}
	})
}
