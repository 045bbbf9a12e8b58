package supervisor

import (
	"slices"
	"time"
)

const (
	// maxRestarts is how often a server is restarted in place within restartWindow. After
	// that recovery is left to the cluster.
	maxRestarts   = 5
	restartWindow = time.Minute
)

// restartLimit decides whether a server that has died is restarted in place.
type restartLimit struct {
	restartedAt []time.Time // within the last restartWindow
	gaveUp      bool        // it is not restarted any more, whatever the time
}

// allow reports whether the server may be restarted now, and then counts that restart.
func (l *restartLimit) allow(now time.Time) bool {
	l.restartedAt = slices.DeleteFunc(l.restartedAt, func(at time.Time) bool { return now.Sub(at) >= restartWindow })
	if l.gaveUp || len(l.restartedAt) >= maxRestarts {
		return false
	}
	l.restartedAt = append(l.restartedAt, now)
	return true
}
