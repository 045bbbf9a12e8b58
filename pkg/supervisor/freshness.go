package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/sirupsen/logrus"

	"ovndb-servers/pkg/replication"
)

const (
	// staleDelay is how long a backup may be behind its source, or without a session to it,
	// before it counts as stale.
	staleDelay = 3 * time.Second
	// staleReportDelay is how long that lasts before monitors call the node degraded. After the
	// death of the active's node all backups are stale until another is promoted. A monitor that
	// is not as expected in just that time can cost a minute: see serving.
	staleReportDelay = 30 * time.Second
)

// sourceState holds the facts that a backup knows of the server that it replicates from.
type sourceState struct {
	// connected says that there is a session to it, marker is the last one seen there.
	connected bool
	marker    *replication.Marker
	// reason is why there is none.
	reason string
}

// freshness remembers since when the databases of a backup are behind.
type freshness struct {
	behindSince map[string]time.Time
}

// observe compares the markers of this backup with those of its sources, by database. It returns
// whether the data is stale; the reasons are those for the monitors, of staleness that lasts.
func (f *freshness) observe(now time.Time, own map[string]*replication.Marker, sources map[string]sourceState) (stale bool, reasons []string) {
	if f.behindSince == nil {
		f.behindSince = map[string]time.Time{}
	}
	for _, database := range slices.Sorted(maps.Keys(sources)) {
		reason := behind(own[database], sources[database])
		if reason == "" {
			delete(f.behindSince, database)
			continue
		}
		since, known := f.behindSince[database]
		if !known {
			f.behindSince[database] = now
			continue
		}
		lasted := now.Sub(since)
		stale = stale || lasted >= staleDelay
		if lasted >= staleReportDelay {
			reasons = append(reasons, fmt.Sprintf("the %s data here is stale for %s: %s", database, lasted.Round(time.Second), reason))
		}
	}
	return stale, reasons
}

// behind returns why a copy is behind its source; empty if it is not.
func behind(own *replication.Marker, source sourceState) string {
	switch {
	case !source.connected:
		return "it cannot reach the promoted node: " + source.reason
	case source.marker == nil:
		return "the promoted node's data has no term"
	case own == nil || own.TermID != source.marker.TermID:
		return fmt.Sprintf("it is of %s, and the promoted node leads %s", own.Describe(), source.marker.Describe())
	case own.Beat < source.marker.Beat:
		return fmt.Sprintf("it is at beat %d, and the promoted node at %d", own.Beat, source.marker.Beat)
	default:
		return ""
	}
}

// compare finds out how fresh this node is while another one is promoted, and tells that one when
// it changes. A server that is down, silent or parked falls behind as well; one that cannot write
// to its disk must not be promoted.
func (l *loop) compare(ctx context.Context, now time.Time, o replication.Observation, own map[string]*replication.Marker) (stale bool, reasons []string) {
	sources := map[string]sourceState{}
	for _, w := range l.sources {
		w.follow(sourceOf(o, w.unit.Name()))
		sources[w.unit.Name()] = w.state()
	}
	leader := l.view.leader()
	if leader.Node == "" || o.Promoted() {
		l.freshness = freshness{}
		l.logStale(false, leader)
		return false, nil
	}
	stale, reasons = l.freshness.observe(now, own, sources)
	stale = stale || l.diskFails.holds()
	l.logStale(stale, leader)
	l.publishFreshness(ctx, now, own, sources, stale)
	return stale, reasons
}

// sourceOf returns the source of a database while this node is a backup of it.
func sourceOf(o replication.Observation, database string) string {
	for _, s := range o.Servers {
		if s.Database == database && s.Condition == replication.ConditionBackup && s.Source == o.Leader.Sources[database] {
			return s.Source
		}
	}
	return ""
}

// publishFreshness publishes whether this backup is fresh in the term of the promoted node: when
// that changes, or may have been lost. A freshness that is not known yet is not published. A
// backup that is stale says so also where it cannot ask which term the promoted node leads.
func (l *loop) publishFreshness(
	ctx context.Context, now time.Time, own map[string]*replication.Marker, sources map[string]sourceState, stale bool,
) {
	if ctx.Err() != nil {
		return
	}
	term := commonTerm(sources)
	fresh := term != "" && !l.diskFails.holds()
	for database, source := range sources {
		fresh = fresh && behind(own[database], source) == ""
	}
	if term == "" {
		term = cmp.Or(l.announced.term, termUnknown)
	}
	if !fresh && !stale || !l.announced.due(now, term, fresh, l.renewal) {
		return
	}
	err := l.node.PublishFreshness(ctx, term, fresh)
	l.logFailure(now, logrus.WarnLevel, err, "cannot tell the promoted node how fresh this one is")
	if err == nil {
		l.announced.done(now, term, fresh)
	}
}

// termUnknown takes the place of the term that a stale backup never learnt.
const termUnknown = "unknown"

// commonTerm returns the term that all sources lead; empty if that is not known.
func commonTerm(sources map[string]sourceState) string {
	term := ""
	for _, source := range sources {
		if source.marker == nil || term != "" && source.marker.TermID != term {
			return ""
		}
		term = source.marker.TermID
	}
	return term
}

// freshnessNotice is the freshness as it was published.
type freshnessNotice struct {
	term  string
	fresh bool
	at    time.Time
}

func (n *freshnessNotice) due(now time.Time, term string, fresh bool, r renewal) bool {
	return n.term != term || n.fresh != fresh || r.due(now, n.at, fresh)
}

func (n *freshnessNotice) done(now time.Time, term string, fresh bool) {
	*n = freshnessNotice{term: term, fresh: fresh, at: now}
}
