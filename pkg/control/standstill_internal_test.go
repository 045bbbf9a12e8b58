package control

import (
	"errors"
	"testing"
	"time"
)

func TestPromotionWhoseProcessStoodStillSwapsNoRecordAndOneThatWaitedDoes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		// ticks are the times between the ticks, in seconds; silence is that from the last of them to the swap.
		ticks   []float64
		silence float64
		still   bool
	}{
		"a promotion in time":                               {ticks: []float64{0.1, 0.1}, silence: 0.05},
		"a long wait for a disk":                            {ticks: []float64{0.1, 0.9, 0.1, 1.5, 0.1, 1.9}, silence: 0.1},
		"frozen between two ticks":                          {ticks: []float64{0.1, 12, 0.1, 0.1}, still: true},
		"frozen before the swap, which comes before a tick": {ticks: []float64{0.1}, silence: 3, still: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			past := tt.silence
			for _, tick := range tt.ticks {
				past += tick
			}
			at := sinceBoot() - time.Duration(past*float64(time.Second))
			s := &standstill{last: at}
			for _, tick := range tt.ticks {
				at += time.Duration(tick * float64(time.Second))
				s.tick(at)
			}
			if err := s.err(); errors.Is(err, errStoodStill) != tt.still {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestWatchOfAStandstillTicks(t *testing.T) {
	t.Parallel()
	s := watchStandstill(t.Context())
	s.mu.Lock()
	s.last = -time.Hour
	s.mu.Unlock()
	for deadline := time.Now().Add(10 * time.Second); s.longestSoFar() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no tick has come")
		}
	}
}

func (s *standstill) longestSoFar() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.longest
}
