package control

import (
	"context"
	"time"

	"ovndb-servers/pkg/process"
	"ovndb-servers/pkg/snapshot"
)

// Measures are measures of one database on this node, for people and dashboards: no decision depends
// on them. A number that is not known is -1.
type Measures struct {
	// FileSize and ResidentMemory are in bytes.
	FileSize, ResidentMemory int64
	Sessions, Snapshots      int64
	// LatestSnapshot is when the newest snapshot was taken; zero for never.
	LatestSnapshot time.Time
}

// Measure measures the databases of this node, by name. It asks the servers for their sessions.
func (c *Controller) Measure(ctx context.Context) map[string]Measures {
	all := map[string]Measures{}
	for _, u := range c.Units {
		all[u.Name()] = measure(ctx, u)
	}
	// Those that earlier versions kept in the account's directory are not counted: reading that is no
	// work for each minute.
	snapshots, err := snapshot.In(c.StateDir, "").List()
	if err != nil {
		return all
	}
	for name, m := range all {
		m.Snapshots = 0
		for _, s := range snapshots {
			if s.Database == name {
				m.Snapshots++
				m.LatestSnapshot = later(m.LatestSnapshot, s.Taken)
			}
		}
		all[name] = m
	}
	return all
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func measure(ctx context.Context, u Unit) Measures {
	m := Measures{FileSize: -1, ResidentMemory: -1, Sessions: -1, Snapshots: -1}
	if size, err := fileSize(u); err == nil {
		m.FileSize = size
	}
	pid, err := u.Running()
	if err != nil || pid == 0 {
		return m
	}
	if resident, err := process.ResidentMemory(pid); err == nil {
		m.ResidentMemory = resident
	}
	if sessions, err := u.Server.Sessions(ctx); err == nil {
		m.Sessions = int64(sessions)
	}
	return m
}
