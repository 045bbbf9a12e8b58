package control

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/process"
)

func TestPromotionWhoseProcessStoodStillSwapsNoRecordAndOneThatWaitedDoes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		earlier, next process.Standstill
		// silent says that the last tick was long ago when the promotion comes to its swap.
		silent, still bool
	}{
		"a promotion in time":                               {},
		"frozen between two ticks":                          {earlier: process.StandstillFrozen, still: true},
		"starved between two ticks":                         {earlier: process.StandstillStarved},
		"frozen before the swap, which comes before a tick": {silent: true, next: process.StandstillFrozen, still: true},
		"starved before the swap":                           {silent: true, next: process.StandstillStarved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStandstill()
			s.tick(3*time.Second, tt.earlier)
			s.tick(standstillTick, process.StandstillNone)
			if tt.silent {
				s.last -= standstillLimit
				go s.tick(3*time.Second, tt.next)
			}
			if err := s.check(t.Context()); errors.Is(err, errStoodStill) != tt.still {
				t.Errorf("got %v", err)
			}
		})
	}
}

// refusingCIB refuses the first swap of the record, and calls meanwhile before it does.
type refusingCIB struct {
	Cluster

	meanwhile func()
	swaps     int
}

func (r *refusingCIB) SwapRecord(context.Context, string, string) error {
	r.swaps++
	if r.swaps > 1 {
		return nil
	}
	r.meanwhile()
	return errors.New("the CIB is not available")
}

func TestPromotionThatStoodStillBetweenTwoSwapsTriesNoOther(t *testing.T) {
	t.Parallel()
	for happened, still := range map[process.Standstill]bool{process.StandstillStarved: false, process.StandstillFrozen: true} {
		s := newStandstill()
		cib := &refusingCIB{meanwhile: func() { s.tick(3*time.Second, happened) }}
		c := &Controller{Cluster: cib}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := c.swapWhile(ctx, s.check, "", "1"); errors.Is(err, errStoodStill) != still || !still && err != nil || (cib.swaps == 1) != still {
			t.Errorf("after %v: %v, and %d swaps", happened, err, cib.swaps)
		}
	}
}

func TestPromotionWhoseTimeIsOverWaitsForNoTick(t *testing.T) {
	t.Parallel()
	s := newStandstill()
	s.last -= standstillLimit
	over := errors.New("over")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(over)
	if err := s.check(ctx); !errors.Is(err, over) {
		t.Errorf("got %v", err)
	}
}

func TestWatchOfAStandstillTicks(t *testing.T) {
	t.Parallel()
	s, stop := watchStandstill(t.Context())
	defer stop()
	_, next, _ := s.state()
	<-next
}

// The machine was suspended after the promotion had swapped its record.
func TestPromotionThatStoodStillServesNoClients(t *testing.T) {
	t.Parallel()
	c := &Controller{RunDir: t.TempDir(), Log: logrus.New(), Cluster: untouched{}}
	s := newStandstill()
	s.tick(3*time.Second, process.StandstillFrozen)
	if err := c.serve(t.Context(), 1, s); !errors.Is(err, errStoodStill) {
		t.Errorf("got %v, want %v", err, errStoodStill)
	}
	if !c.failedPromotion().held() {
		t.Error("it counts as a failure of this node")
	}
}

// untouched is a cluster of which nothing is asked.
type untouched struct{ Cluster }
