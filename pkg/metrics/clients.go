package metrics

import (
	"net"
	"slices"
	"sync"
)

// clients are the connections that are being served, the oldest first. An answer takes a moment, so that the
// oldest of many is a client that sends or reads slowly: were the newest refused instead, idle clients
// would keep a load balancer from the answer by which it finds the active.
type clients struct {
	mu   sync.Mutex
	open []net.Conn
}

func (c *clients) add(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, conn)
}

func (c *clients) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = slices.DeleteFunc(c.open, func(other net.Conn) bool { return other == conn })
}

// closeOldest closes the oldest one, whose exchange ends by that.
func (c *clients) closeOldest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.open) > 0 {
		_ = c.open[0].Close()
	}
}
