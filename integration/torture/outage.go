package main

import (
	"time"

	"ovndb-servers/integration/ovsdb"
)

// interval is a time from one moment to another one.
type interval struct{ From, To time.Time }

// length of the interval.
func (i interval) length() time.Duration { return i.To.Sub(i.From) }

// holds reports whether a moment is in the interval.
func (i interval) holds(at time.Time) bool { return !at.Before(i.From) && !at.After(i.To) }

// outages returns the times of at least that length within an interval in which no row was
// acknowledged, in their order. Acknowledgements are in theirs.
func outages(acks []ovsdb.Ack, within interval, least time.Duration) []interval {
	var all []interval
	last := within.From
	add := func(until time.Time) {
		if gap := (interval{last, until}); gap.length() >= least {
			all = append(all, gap)
		}
	}
	for _, ack := range acks {
		if !within.holds(ack.At) {
			continue
		}
		add(ack.At)
		last = ack.At
	}
	add(within.To)
	return all
}

// longest returns the longest of some intervals; the zero interval if there is none.
func longest(all []interval) interval {
	var most interval
	for _, one := range all {
		if one.length() > most.length() {
			most = one
		}
	}
	return most
}
