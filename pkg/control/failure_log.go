package control

import (
	"maps"
	"sync"
	"time"

	"github.com/sirupsen/logrus"
)

// failureInterval is between two log lines about the same failure: a process that goes on repeats most
// operations each second.
const failureInterval = time.Minute

// FailureLog decides which failures are logged: each one when it first occurs, and then at
// most once a minute. A nil one has all logged.
type FailureLog struct {
	mu       sync.Mutex
	loggedAt map[string]time.Time
}

// Log logs the error, if any, of an operation that may fail again soon. The message names it.
func (f *FailureLog) Log(log logrus.FieldLogger, now time.Time, level logrus.Level, err error, message string) {
	if err != nil && f.Due(now, message) {
		log.WithError(err).Log(level, message)
	}
}

// Due reports whether a failure is to be logged now, and then takes it for logged.
func (f *FailureLog) Due(now time.Time, failure string) bool {
	if f == nil {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
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
