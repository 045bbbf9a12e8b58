package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"ovndb-servers/integration/cluster"
)

// event is a line of the timeline.
type event struct {
	At        time.Time
	Who, Text string
}

// occurrence is a fault as it was caused.
type occurrence struct {
	Step  int
	Fault fault
	Node  string
	// Began is taken before it was caused, Ended after it was undone.
	Began, Ended time.Time
	Err          error
}

// fencing is a node that was fenced.
type fencing struct {
	Node string
	At   time.Time
}

// sample is what the cluster looked like at a moment: roles by node, or "offline".
type sample struct {
	At    time.Time
	Roles map[string]string
}

// journal records a run. Its methods are safe for concurrent use.
type journal struct {
	progress    *cluster.Progress
	mu          sync.Mutex
	events      []event
	occurrences []occurrence
	fencings    []fencing
	samples     []sample
}

// say records and prints an event of now.
func (j *journal) say(who, format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	j.events = append(j.events, event{time.Now(), who, text})
	j.progress.Printf("%-7s %s", who, text)
}

// addOccurrence records a fault that has ended.
func (j *journal) addOccurrence(d occurrence) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.occurrences = append(j.occurrences, d)
}

// addFencing records that a node was fenced.
func (j *journal) addFencing(node string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.fencings = append(j.fencings, fencing{node, time.Now()})
}

// addSample records the look of the cluster, and says what has changed since the last one.
func (j *journal) addSample(view cluster.View, names []string) {
	roles := rolesIn(view, names)
	j.mu.Lock()
	var before map[string]string
	if len(j.samples) > 0 {
		before = j.samples[len(j.samples)-1].Roles
	}
	j.samples = append(j.samples, sample{time.Now(), roles})
	j.mu.Unlock()
	for _, node := range names {
		if roles[node] != before[node] {
			j.say(node, "%s", strings.ToLower(roles[node]))
		}
	}
}

// roleOffline is shown for a node that the others do not see.
const roleOffline = "offline"

// rolesIn returns what each node is in a view.
func rolesIn(view cluster.View, names []string) map[string]string {
	roles := map[string]string{}
	for _, node := range names {
		roles[node] = string(view.RoleOf(node))
		if !slices.Contains(view.Online(), node) {
			roles[node] = roleOffline
		}
	}
	return roles
}

// lastPromoted returns the node that was promoted when one was seen last; empty if none was.
func (j *journal) lastPromoted() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, one := range slices.Backward(j.samples) {
		for node, role := range one.Roles {
			if role == string(cluster.Promoted) {
				return node
			}
		}
	}
	return ""
}

// lastEnd is when the last fault ended; the zero time without faults.
func (j *journal) lastEnd() time.Time {
	j.mu.Lock()
	defer j.mu.Unlock()
	var last time.Time
	for _, one := range j.occurrences {
		if one.Ended.After(last) {
			last = one.Ended
		}
	}
	return last
}

// powerLosses returns the times in which rows may have been acknowledged by a node that
// then lost its power: from shortly before the fault to its end. A node that was fenced
// lost its power in the fault that it was fenced for. Where replication was cut at that
// time, it is from when it was cut: no other node has the rows since then.
func (j *journal) powerLosses() []interval {
	j.mu.Lock()
	defer j.mu.Unlock()
	const before = 2 * time.Second
	var all []interval
	for _, one := range j.occurrences {
		end, lost := j.lostPower(one)
		if !lost {
			continue
		}
		loss := interval{one.Began.Add(-before), end}
		for _, other := range j.occurrences {
			cut := other.Fault.Kind == cutReplication || other.Fault.Kind == partition
			if cut && other.Began.Before(loss.To) && other.Ended.After(loss.From) && other.Began.Before(loss.From) {
				loss.From = other.Began
			}
		}
		all = append(all, loss)
	}
	return all
}

// lostPower reports whether a node lost its power in a fault, and until when that took.
func (j *journal) lostPower(one occurrence) (until time.Time, lost bool) {
	lost, until = one.Fault.Kind == powerLoss || one.Fault.Kind == powerLossAll, one.Ended
	for _, fenced := range j.fencings {
		if !fenced.At.Before(one.Began) && fenced.At.Before(one.Ended.Add(fencedFor)) {
			lost, until = true, later(until, fenced.At)
		}
	}
	return until, lost
}

// fencedFor is how long after a fault a node may still be fenced because of it.
const fencedFor = time.Minute

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
