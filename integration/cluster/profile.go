package cluster

import (
	"fmt"
	"time"
)

// Profile names the timings by which a cluster notices that a node is lost.
type Profile string

const (
	// NormalProfile is a third of Corosync's defaults: tests lose many nodes.
	NormalProfile Profile = "normal"
	// FastProfile is for nodes in one LAN whose machines never stand still; docs/timings.md says what
	// it risks.
	FastProfile Profile = "fast"
)

// totem holds Corosync's timeouts; see corosync.conf(5).
type totem struct {
	// Token and Coefficient are in milliseconds.
	Token, Coefficient int
}

func (p Profile) totem() (totem, error) {
	switch p {
	case NormalProfile:
		return totem{Token: 1000, Coefficient: 650}, nil // Corosync's default of the second
	case FastProfile:
		return totem{Token: 500, Coefficient: 100}, nil
	default:
		return totem{}, fmt.Errorf("unknown profile %q", p)
	}
}

// Lost returns when a cluster of so many nodes takes one for lost; zero if there is no such profile.
func (p Profile) Lost(nodes int) Lost {
	t, _ := p.totem()
	token := time.Duration(t.Token+max(nodes-2, 0)*t.Coefficient) * time.Millisecond
	return Lost{Token: token, Consensus: token * 6 / 5}
}

// Lost is how long Corosync waits for a node that is silent.
type Lost struct {
	// Token is the wait for the token, Consensus the one for all nodes to agree after that, by
	// default 1.2 times as long.
	Token, Consensus time.Duration
}

// After returns the sum of both.
func (l Lost) After() time.Duration { return l.Token + l.Consensus }
