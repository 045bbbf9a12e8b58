package supervisor

import (
	"context"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/replication"
)

// beatTimer decides when an active node counts up its beat.
type beatTimer struct {
	beatenAt time.Time
}

// due reports whether the beat is to be counted up now, and then takes it for counted up. The
// interval may be missed by half an observeInterval, as ticks do not come to the nanosecond.
func (b *beatTimer) due(now time.Time, interval time.Duration) bool {
	if now.Sub(b.beatenAt) < interval-observeInterval/2 {
		return false
	}
	b.beatenAt = now
	return true
}

// beat counts up the beat of an active node that holds the term.
func (l *loop) beat(ctx context.Context, now time.Time, o replication.Observation) {
	if leads(o) && l.beats.due(now, l.beatInterval) {
		l.logFailure(now, logrus.WarnLevel, l.node.Beat(ctx), "cannot count up the beat: the backups become stale")
	}
}
