package supervisor

import (
	"maps"
	"time"

	"github.com/sirupsen/logrus"
)

// failureInterval is between two log lines about the same failure: most operations are
// repeated each second.
const failureInterval = time.Minute

// failureLog decides which failures are logged: each one when it first occurs, and then at
// most each failureInterval.
type failureLog struct {
	loggedAt map[string]time.Time
}

// log logs the error, if any, of an operation that may fail again soon. The message names it.
func (f *failureLog) log(log logrus.FieldLogger, now time.Time, level logrus.Level, err error, message string) {
	if err != nil && f.due(now, message) {
		log.WithError(err).Log(level, message)
	}
}

// due reports whether a failure is to be logged now, and then takes it for logged.
func (f *failureLog) due(now time.Time, failure string) bool {
	maps.DeleteFunc(f.loggedAt, func(_ string, at time.Time) bool { return now.Sub(at) >= failureInterval })
	if _, recent := f.loggedAt[failure]; recent {
		return false
	}
	if f.loggedAt == nil {
		f.loggedAt = map[string]time.Time{}
	}
	f.loggedAt[failure] = now
	return true
}
