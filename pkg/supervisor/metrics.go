package supervisor

import (
	"time"

	"ovndb-servers/pkg/metrics"
	"ovndb-servers/pkg/replication"
)

// beatArrivals remembers when a beat was last seen to come, by database.
type beatArrivals struct {
	seen map[string]replication.Marker
	at   map[string]time.Time
}

// observe takes note of the markers. The first one of a database may have come at any time before.
func (b *beatArrivals) observe(now time.Time, markers map[string]*replication.Marker) {
	if b.seen == nil {
		b.seen, b.at = map[string]replication.Marker{}, map[string]time.Time{}
	}
	for database, m := range markers {
		if m == nil {
			continue
		}
		last, known := b.seen[database]
		if known && (m.TermID != last.TermID || m.Beat > last.Beat) {
			b.at[database] = now
		}
		b.seen[database] = *m
	}
}

// export shows the observation, if that is wanted. V has all faults that monitors report.
func (l *loop) export(now time.Time, o replication.Observation, v replication.Verdict, markers map[string]*replication.Marker, state replication.State) {
	if !l.exporter.wanted() {
		return
	}
	l.arrived.observe(now, markers)
	s := metrics.Snapshot{
		Resource: l.exporter.resource, Node: l.exporter.name, Version: l.exporter.version, At: now, State: state,
		Healthy:      v.Health == replication.HealthActive || v.Health == replication.HealthBackup,
		DiskWritable: metrics.Bool(!l.diskFails.holds()),
	}
	record := l.currentRecord(o)
	if record != nil {
		s.RecordTerm, s.RecordMembers = metrics.Known(record.Term), metrics.Known(len(record.Members))
	}
	if p := l.score.published.change; !l.score.publishedAt.IsZero() && !p.Clear && !p.Keep {
		s.Score = metrics.Known(p.Score)
	}
	if o.AllActive() {
		s.Listening = metrics.Bool(l.serving.open && !l.dismissed.Load() && !l.unproven.holds())
		if o.Northd.Managed {
			s.NorthdRunning = metrics.Bool(o.Northd.PID != 0)
		}
	}
	for i, server := range o.Servers {
		s.Databases = append(s.Databases, l.databaseMetrics(now, o, i, markers[server.Database], record))
	}
	l.exporter.latest.Set(s)
}

// currentRecord returns the cluster record as this node knows it: that of the term which it leads, or
// by the last answer of the cluster; nil if it knows none.
func (l *loop) currentRecord(o replication.Observation) *replication.Record {
	if o.Own != nil && o.Own.Recorded && o.Term != replication.TermOver {
		return &o.Own.Record
	}
	record, err := replication.ParseRecord(l.view.state.Record)
	if err != nil {
		return nil
	}
	return record
}

func (l *loop) databaseMetrics(
	now time.Time, o replication.Observation, i int, marker *replication.Marker, record *replication.Record,
) metrics.Database {
	server := o.Servers[i]
	d := metrics.Database{
		Name: server.Database, Role: server.Condition, Measures: l.exporter.measured(server.Database),
		Writable: server.Condition == replication.ConditionActive && o.HoldsTerm() && !l.diskFails.holds(),
		LastBeat: metrics.Time(l.arrived.at[server.Database]), Restarts: metrics.Known(l.restarters[i].restarts.Load()),
	}
	if marker != nil {
		d.Term = metrics.Known(marker.Term)
	}
	if marker != nil && record != nil {
		d.Current = metrics.Bool(marker.TermID == record.TermID)
	}
	if l.view.leader().Node == "" || o.Promoted() {
		return d
	}
	d.Behind = metrics.Known(0)
	if since, behind := l.freshness.behindSince[server.Database]; behind {
		d.Behind = metrics.Known(now.Sub(since).Seconds())
	}
	if d.Source = sourceOf(o, server.Database); d.Source != "" && i < len(l.sources) {
		d.Connected = metrics.Bool(l.sources[i].state().connected)
	}
	return d
}
