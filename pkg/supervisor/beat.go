package supervisor

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/replication"
)

// beatTimer decides when an active node looks for changes and writes a beat.
type beatTimer struct {
	beatenAt time.Time
}

// due reports whether that is to be done now, and then takes it for done. The
// interval may be missed by half an observeInterval, as ticks do not come to the nanosecond.
func (b *beatTimer) due(now time.Time, interval time.Duration) bool {
	if now.Sub(b.beatenAt) < interval-observeInterval/2 {
		return false
	}
	b.beatenAt = now
	return true
}

// beat writes a beat into the databases of an active node that holds the term, where rows have
// changed.
func (l *loop) beat(ctx context.Context, now time.Time, o replication.Observation) {
	if o.HoldsTerm() && l.beats.due(now, l.beatInterval) {
		l.logFailure(now, logrus.WarnLevel, l.node.Beat(ctx, *o.Own, l.files), "cannot write a beat: the backups cannot see that they are behind")
	}
}

// heal writes the term markers of an active node back where a client has changed them.
func (l *loop) heal(ctx context.Context, now time.Time, o replication.Observation, markers map[string]*replication.Marker) {
	if !o.HoldsTerm() {
		return
	}
	healed, err := l.node.Heal(ctx, *o.Own, markers, l.lastMarkers())
	l.logFailure(now, logrus.ErrorLevel, err, "cannot write the term marker back that a client has changed")
	for _, database := range healed {
		l.log.WithField("db", database).Warn("a client has changed the term marker, which was written back; its rows stay")
	}
}
