package supervisor

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestFaultOfAServerThatAnswersIsReportedFromTheSecondLookOnWhileItLasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := newActive()
		start(t, n)
		for _, step := range []struct {
			found, reported []string
		}{
			{[]string{"a"}, nil},
			{[]string{"b", "a"}, []string{"a"}},
			{[]string{"b"}, []string{"b"}},
			{nil, nil},
		} {
			n.set(func() { n.faults = step.found })
			time.Sleep(faultsInterval)
			if got := locked(n, &n.saved).Reasons; !slices.Equal(got, step.reported) {
				t.Errorf("found %q, reported %q, want %q", step.found, got, step.reported)
			}
		}
		if looks := n.count("faults"); looks < 3 || looks > 6 {
			t.Errorf("%d looks in %s", looks, 4*faultsInterval)
		}
	})
}
