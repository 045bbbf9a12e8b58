package control

import (
	"os"
	"strconv"
	"time"
)

const (
	// missedMonitors is how many monitors in a row have to be missing before they count as lost: one
	// may be late on a busy machine, or wait for an action.
	missedMonitors = 3
	// minMonitorPatience is how long monitors are waited for at least, however short their interval.
	minMonitorPatience = time.Minute
)

// LastMonitor says when the last recurring monitor of this node came, and how often it recurs. It is
// zero where none has come since the node booted.
type LastMonitor struct {
	At       time.Time
	Interval time.Duration
}

// Patience returns how long the next monitor is waited for before it counts as lost.
func (m LastMonitor) Patience() time.Duration {
	return max(missedMonitors*m.Interval, minMonitorPatience)
}

// LastMonitor returns the last recurring monitor of this node.
func (c *Controller) LastMonitor() LastMonitor {
	info, err := os.Lstat(c.lastMonitor().path)
	if err != nil {
		return LastMonitor{}
	}
	ms, err := strconv.ParseUint(c.lastMonitor().read(), 10, 31)
	if err != nil || ms == 0 {
		return LastMonitor{}
	}
	return LastMonitor{At: info.ModTime(), Interval: time.Duration(ms) * time.Millisecond}
}

// noteMonitor notes that a recurring monitor has come.
func (c *Controller) noteMonitor() {
	if c.MonitorInterval > 0 {
		interval := strconv.FormatInt(c.MonitorInterval.Milliseconds(), 10)
		c.warn(c.lastMonitor().write(interval), "the supervisor cannot see that monitors come")
	}
}

// monitorsMissing reports whether no monitor has come for so long that it may have to be explained.
func (c *Controller) monitorsMissing() bool {
	last := c.LastMonitor()
	return last.Interval > 0 && time.Since(last.At) >= last.Patience()/2
}
