package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"ovndb-servers/pkg/control"
	"ovndb-servers/pkg/foreignpath"
	"ovndb-servers/pkg/replication"
)

// copyReport is one database of one node.
type copyReport struct {
	Node     string `json:"node"`
	Database string `json:"database"`
	// Role is "active", "backup", "busy", "failed", "absent", or "stopped" of another node.
	Role string `json:"role"`
	// State is one of the constants below, or the state of a node that is not online.
	State string `json:"state"`
	// Known is how the state is known, one of the constants below; empty if it is not.
	Known string `json:"known,omitempty"`
	// BehindSeconds is for how long a backup has been behind; nil where that is not known.
	BehindSeconds *float64 `json:"behind_seconds,omitempty"`
	// Beat is the last one that the data holds; nil in data without a term, and where it is not known, as
	// of backups on other nodes.
	Beat *uint64 `json:"beat,omitempty"`
	// LastWriteSeconds is the age of the last write to the file, FileBytes its size, Sessions how many the
	// server has; nil where they are not known, as of other nodes.
	LastWriteSeconds *float64 `json:"last_write_seconds,omitempty"`
	FileBytes        *int64   `json:"file_bytes,omitempty"`
	Sessions         *int     `json:"sessions,omitempty"`
	// Score is the promotion score of the node; nil if it cannot be promoted.
	Score *int `json:"score"`
}

// The states of a copy.
const (
	stateFresh       = "fresh"
	stateBehind      = "behind"
	stateStale       = "stale"
	stateOldTerm     = "old term"
	stateParked      = "parked"
	stateUnreachable = "unreachable"
	stateReadOnly    = "read-only"
	stateNoWrites    = "no writes"
	stateBarred      = "barred"
	stateFailed      = "failed"
	stateUnknown     = "unknown"
)

// How the state of a copy is known.
const (
	knownHere        = "seen here"
	knownByAnswer    = "asked"
	knownByWord      = "by its word"
	knownByPacemaker = "by Pacemaker"
)

// addCopies adds a row for each database of each node, and the faults that only they show.
func (r *report) addCopies(c *control.Controller, o replication.Observation, others otherNodes) {
	own := r.ownCopies(c, o, others)
	known := false
	for _, n := range r.Cluster.Nodes {
		if n.Name == c.Node {
			known = true
			for i := range own {
				own[i].Score = n.Score
			}
			r.Copies = append(r.Copies, own...)
			continue
		}
		r.addOtherCopies(n, c.Units, others)
	}
	if !known {
		r.Copies = append(r.Copies, own...)
	}
}

func (r *report) ownCopies(c *control.Controller, o replication.Observation, others otherNodes) []copyReport {
	var own []copyReport
	for i, s := range o.Servers {
		row := copyReport{Node: c.Node, Database: s.Database, Role: string(s.Condition), Sessions: r.Servers[i].Sessions}
		if info, err := foreignpath.Stat(r.Servers[i].File); err == nil {
			row.LastWriteSeconds, row.FileBytes = secondsSince(info.ModTime()), new(info.Size())
		}
		if p := r.Servers[i].position; p != nil && p.Marked() {
			row.Beat = &p.Progress.Beat
		}
		if row.State = r.ownState(i, s, others); row.State != stateUnknown {
			row.Known = knownHere
		}
		if since, behind := r.behindSince[s.Database]; behind && (row.State == stateBehind || row.State == stateStale) {
			row.BehindSeconds = secondsSince(since)
		}
		own = append(own, row)
	}
	return own
}

// ownState judges a server of this node by its data and by that of its source, not by what it says
// of its session: it goes on saying that it replicates when the source has died.
func (r *report) ownState(i int, s replication.ServerState, others otherNodes) string {
	current := r.Servers[i].Current
	switch {
	case s.Condition != replication.ConditionActive && s.Condition != replication.ConditionBackup:
		return stateUnknown
	case current != nil && !*current:
		return stateOldTerm
	case s.Condition == replication.ConditionActive:
		return stateFresh
	case strings.Contains(s.Source, control.ParkingAddress):
		return stateParked
	}
	return r.followingState(i, s, others)
}

func (r *report) followingState(i int, s replication.ServerState, others otherNodes) string {
	answer, asked := others.answers[s.Source]
	switch {
	case answer.err != nil, s.Link != replication.LinkReplicating:
		return stateStale
	case !asked:
		return stateUnknown
	case r.Servers[i].holds(answer.state.Marker):
		return stateFresh
	default:
		return stateBehind
	}
}

// holds reports whether the data is at the beat of a source, or beyond it.
func (s serverReport) holds(source *replication.Marker) bool {
	return source != nil && s.position != nil && s.position.TermID == source.TermID && s.position.Progress.Beat >= source.Beat
}

// secondsSince returns the age of a time, to the tenth of a second.
func secondsSince(t time.Time) *float64 {
	const tenth = 100 * time.Millisecond
	age := max(time.Since(t), 0).Round(tenth).Seconds()
	return &age
}

// addSessions asks the servers for the number of their sessions.
func (r *report) addSessions(ctx context.Context, c *control.Controller) {
	for i, u := range c.Units {
		if !slices.Contains([]string{"active", "backup"}, r.Servers[i].Role) {
			continue
		}
		if n, err := u.Server.Sessions(ctx); err == nil {
			r.Servers[i].Sessions = &n
		}
	}
}
