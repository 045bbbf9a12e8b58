package supervisor

import "time"

// spell remembers since when a condition has held without a break. The zero value says that it
// does not hold.
type spell struct {
	since time.Time // zero while it does not hold
}

// observe takes note of whether the condition holds. It reports whether it holds and has done so
// for at least a time.
func (s *spell) observe(now time.Time, holds bool, atLeast time.Duration) bool {
	switch {
	case !holds:
		s.since = time.Time{}
	case s.since.IsZero():
		s.since = now
	}
	return holds && now.Sub(s.since) >= atLeast
}

// holds reports whether the condition held when it was last observed.
func (s *spell) holds() bool { return !s.since.IsZero() }

// lasted returns for how long the condition has held; 0 if it does not.
func (s *spell) lasted(now time.Time) time.Duration {
	if !s.holds() {
		return 0
	}
	return now.Sub(s.since)
}
